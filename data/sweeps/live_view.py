"""The view of an unfinished run: all shards as one file."""

import h5py

from critdamp.engine.quantities.quantity import MapQuantity

from ..chunks.statistics import fill_of
from ..formats.run_layout import lay_out
from ..shards.folder import RunFolder
from ..shards.partition import ShardPartition
from ..shards.record import Record
from ..shards.writer import alias, partial
from ..storage.new_hdf5 import new_hdf5


def write_live_view(parts: RunFolder, record: Record) -> None:
    """Write a file in which all shards appear as one; what is missing reads as fill.

    Readers that have it open see new shards at their next read; a shard that a resumed
    sweep completes, when they open it again.
    """
    plan, cut = record.plan, ShardPartition.of(record.plan)

    def make(file: h5py.File, quantity: MapQuantity) -> h5py.Dataset:
        shape, dtype = plan.grid.shape, plan.dtype_of(quantity)
        layout = h5py.VirtualLayout(shape, dtype)
        for index in range(plan.grid.n_tiles):
            shard = parts.shard(cut.shard_of(index)).name
            # HDF5 looks for a file of that name in other folders too
            name = alias(record, quantity)
            source = h5py.VirtualSource(shard, name, shape, dtype)
            where = plan.grid.tile(index).slices
            layout[where] = source[where]
        return file.create_virtual_dataset(
            quantity.name, layout, fillvalue=fill_of(dtype)
        )

    # HDF5 1.8 knows no virtual datasets; any later library reads this
    with new_hdf5(parts.live, libver=("earliest", "v110")) as file:
        lay_out(file, plan, make, partial(record))
