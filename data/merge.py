"""One file of all shards: the run at the end, and a view of them until then."""

from typing import Any

import h5py

from critdamp.engine.errors import FileError
from critdamp.engine.quantities import Quantity

from .calm import new_hdf5
from .chunks import fill_of
from .files import appearing
from .layout import lay_out, note_statistics, stored
from .parts import Cut, Parts, Record
from .provenance import history, now
from .shards import Contents, copy_tiles, held, partial
from .statistics import Statistics


def merge(parts: Parts, record: Record) -> None:
    """Make the run by copying the shards' chunks, which are not unpacked.

    Raises
    ------
    FileError
        A tile is missing.
    """
    plan, shards = record.plan, held(parts, record)
    missing = plan.grid.n_tiles - sum(len(shard.tiles) for shard in shards.values())
    if missing:
        raise FileError(f"{parts.path}: {missing} tiles are missing; {parts.kept}")
    with (
        appearing(parts.path, parts.folder / "run.tmp") as temporary,
        new_hdf5(temporary) as target,
    ):
        make = stored(plan, record.compression)
        lay_out(target, plan, make, _attributes(record, shards))
        for index, shard in shards.items():
            with h5py.File(parts.shard(index), "r") as source:
                copy_tiles(source, target, plan, shard.tiles)
        for quantity in plan.quantities:
            known = _together(quantity, shards)
            note_statistics(target[quantity.name], plan, known)


def _together(quantity: Quantity, shards: dict[int, Contents]) -> Statistics:
    known = Statistics()
    for shard in shards.values():
        for tile in shard.tiles.values():
            known = known.merged(tile[quantity.name], quantity.best)
    return known


def _attributes(record: Record, shards: dict[int, Contents]) -> dict[str, Any]:
    last = dict(record.sessions[-1])
    del last["date_started"]
    return {
        **last,
        "uuid": record.uuid,
        "status": "complete",
        "history": history(record.sessions),
        "date_created": record.sessions[0]["date_started"],
        "date_modified": now(),
        "wall_time_s": sum(shard.seconds for shard in shards.values()),
        "n_tiles": record.plan.grid.n_tiles,
        "n_sessions": len(record.sessions),
    }


def write_live_view(parts: Parts, record: Record) -> None:
    """Write a file in which all shards appear as one; what is missing reads as fill.

    Readers that have it open see new shards at their next read.
    """
    plan, cut = record.plan, Cut.of(record.plan)

    def make(file: h5py.File, quantity: Quantity) -> h5py.Dataset:
        shape, dtype = plan.grid.shape, plan.dtype_of(quantity)
        layout = h5py.VirtualLayout(shape, dtype)
        for index in range(plan.grid.n_tiles):
            shard = parts.shard(cut.shard_of(index)).name
            source = h5py.VirtualSource(shard, quantity.name, shape, dtype)
            where = plan.grid.tile(index).slices
            layout[where] = source[where]
        return file.create_virtual_dataset(
            quantity.name, layout, fillvalue=fill_of(dtype)
        )

    # HDF5 1.8 knows no virtual datasets; any later library reads this
    with (
        appearing(parts.live) as temporary,
        new_hdf5(temporary, libver=("earliest", "v110")) as file,
    ):
        lay_out(file, plan, make, partial(record))
