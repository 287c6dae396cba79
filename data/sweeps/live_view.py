"""The live view of an unfinished run: virtual datasets over its shards."""

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
    """Write the live view; tiles without a shard read as fill value.

    A reader that has it open sees new shards at the next read. It has to open the view
    again to see a shard that a resumed sweep completed.
    """
    plan, partition = record.plan, ShardPartition.of(record.plan)

    def make(file: h5py.File, quantity: MapQuantity) -> h5py.Dataset:
        shape, dtype = plan.grid.shape, plan.dtype_of(quantity)
        layout = h5py.VirtualLayout(shape, dtype)
        for index in range(plan.grid.n_tiles):
            shard = parts.shard(partition.shard_of(index)).name
            # HDF5 may find a file of this name in another folder; the alias is unique
            name = alias(record, quantity)
            source = h5py.VirtualSource(shard, name, shape, dtype)
            where = plan.grid.tile(index).slices
            layout[where] = source[where]
        return file.create_virtual_dataset(
            quantity.name, layout, fillvalue=fill_of(dtype)
        )

    # virtual datasets need HDF5 1.10
    libver = ("earliest", "v110")
    with new_hdf5(parts.live, check=parts.check, libver=libver) as file:
        lay_out(file, plan, make, partial(record))
