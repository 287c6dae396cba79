"""Repair of runs and shards: damaged blocks are computed again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import closing

import h5py

from critdamp.engine.errors import FileError
from critdamp.engine.maps.compute import TileComputer
from critdamp.engine.maps.grid import Grid
from critdamp.engine.maps.plan import Plan

from ..chunks.blocks import chunk_index, corner
from ..chunks.checksums import GROUP, SEALS, DamagedError, covered, seal
from ..chunks.encoder import ChunkEncoder
from ..chunks.raw_chunks import read_chunk, write_chunk
from ..formats.run_file import Run, open_run
from ..formats.run_layout import lay_out, stored
from ..shards.contents import contents, damaged_tiles
from ..shards.folder import RunFolder
from ..shards.partition import ShardPartition
from ..shards.record import Record
from ..shards.writer import ShardWriter
from ..storage.bounded_read import Attributes
from ..storage.new_hdf5 import NewFile
from ..storage.open_hdf5 import open_to_read
from ..storage.os_errors import failures
from .check import Damage, of_run

# quantity and first index of each damaged chunk
Blocks = set[tuple[str, tuple[int, ...]]]


def drop_damaged(parts: RunFolder, record: Record) -> None:
    """Remove damaged tiles from the shards; unreadable shards are put aside."""
    for index in range(ShardPartition.of(record.plan).shards):
        try:
            damaged = damaged_tiles(parts, index, record)
        except DamagedError:
            parts.put_aside(index)
            continue
        if damaged:
            _rewrite(parts, index, record, list(damaged))


def _rewrite(parts: RunFolder, index: int, record: Record, without: list[int]) -> None:
    """Write a shard again without some tiles, or remove it if none is left."""
    kept = contents(parts, index, record).without(without)
    if not kept.tiles:
        parts.remove_shard(index)
        return
    writer = ShardWriter(parts, index, record, time.monotonic(), without)
    try:
        writer.close()
        writer.publish()
    except BaseException:
        writer.drop()
        raise


def mend(
    run: Run,
    damage: list[Damage],
    computer: Callable[[], TileComputer],
    parts: RunFolder,
    progress: Callable[[int, int], object],
    stop: Callable[[], bool],
) -> bool:
    """Compute the damaged blocks of a finished run again, and replace the file.

    The intact chunks are copied to a new file, which is checked before it replaces the
    run. Writing into the old file is not safe, since its chunk index may be damaged.

    Parameters
    ----------
    run : open run
    damage : damaged blocks of the run
    computer : returns the function that computes tiles
    parts : folder of the run, locked by this process
    progress : called with the number of intact and of all points, and after each tile
    stop : called between pieces of tiles; if it returns True the run stays as it is

    Returns
    -------
    bool
        Whether it was not stopped.

    Raises
    ------
    FileError
        The metadata are damaged, another critdamp wrote the run, or the new file
        cannot be written.
    """
    path, plan = run.path, run.plan
    _refuse_irreparable(run, damage)
    damaged = {(block.quantity, corner(block.where)) for block in damage}
    temporary, identity = parts.temporary(), parts.identity()

    def check() -> None:
        parts.check()
        if parts.identity() != identity:
            raise FileError(f"{path}: another file appeared there, which is kept")

    with failures(path, "write"):
        new = NewFile(parts.path, temporary, check)
    try:
        with failures(path, "write"), open_to_read(path) as old:
            _copy(old, new.file, plan, damaged)
            _copy_rest(old, new.file)
            if not _compute(new.file, plan, damaged, computer(), progress, stop):
                new.drop()
                return False
            seal(new.file, run.quantities, covered(old))
            new.close()
            with open_run(temporary) as repaired:
                if of_run(repaired):
                    raise FileError(f"{path}: cannot be repaired; make it again")
            shutil.copymode(parts.path, temporary)
            new.publish()
    except BaseException:
        new.drop()
        raise
    return True


def _refuse_irreparable(run: Run, damage: list[Damage]) -> None:
    if any(not block.quantity for block in damage):
        raise FileError(
            f"{run.path}: its metadata are damaged, maybe its plan; make it again"
        )
    if any(run[name].chunks != run.plan.grid.chunk_shape for name in run.quantities):
        raise FileError(
            f"{run.path}: has the chunks of another critdamp "
            f"({run.attributes['source']}); repair it with that one, or make it again"
        )


def _copy(old: h5py.File, new: h5py.File, plan: Plan, damaged: Blocks) -> None:
    """Copy metadata and intact chunks of a run."""
    names = [quantity.name for quantity in plan.quantities]
    attributes = {k: value for k, value in Attributes(old).items() if k not in SEALS}
    lay_out(new, plan, stored(plan, old[names[0]].compression is not None), attributes)
    for name in names:
        for key, value in Attributes(old[name]).items():
            if key not in new[name].attrs:
                new[name].attrs[key] = value
        old.copy(old[GROUP][name], new.require_group(GROUP), name)
        source, target = old[name].id, new[name].id
        for tile in map(plan.grid.tile, range(plan.grid.n_tiles)):
            for where in plan.grid.chunks(tile):
                if (name, corner(where)) not in damaged:
                    data = read_chunk(source, where) or b""
                    write_chunk(target, corner(where), data)


def _copy_rest(old: h5py.File, new: h5py.File) -> None:
    """Copy what others added to a run: attributes, datasets and groups."""
    names: list[str] = []
    old.visit(names.append)
    added = [name for name in names if name not in new]
    for name in added:
        if name not in new:  # it may have come with its group
            old.copy(name, new, name)
    for name in added:
        _attach(old[name], new[name])
    for name in ["/", *names]:
        for key in set(old[name].attrs) - set(new[name].attrs) - {*SEALS}:
            if h5py.check_ref_dtype(old[name].attrs.get_id(key).dtype) is None:
                new[name].attrs[key] = Attributes(old[name])[key]


def _attach(old: h5py.Dataset | h5py.Group, new: h5py.Dataset | h5py.Group) -> None:
    """Attach the dimensions of a copy to the scales in its own file."""
    for key in {"DIMENSION_LIST", "REFERENCE_LIST"} & set(new.attrs):
        del new.attrs[key]
    if isinstance(old, h5py.Dataset) and not old.is_scale:
        for dimension, copied in zip(old.dims, new.dims, strict=True):
            for scale in dimension.values():
                copied.attach_scale(new.file[scale.name])


def _compute(
    file: h5py.File,
    plan: Plan,
    damaged: Blocks,
    compute: TileComputer,
    progress: Callable[[int, int], object],
    stop: Callable[[], bool],
) -> bool:
    """Compute the damaged chunks, write them with checksums; False if stopped."""
    grid = plan.grid
    tiles = [grid.tile(index) for index in _tiles(grid, damaged)]
    done = grid.size - sum(tile.size for tile in tiles)
    progress(done, grid.size)
    compression = file[plan.quantities[0].name].compression is not None
    with closing(ChunkEncoder(plan, compression, compute.threads)) as encode:
        for tile in tiles:
            computed = None if stop() else compute(tile, lambda _points: stop())
            if computed is None:
                return False
            for chunk in encode(tile, computed):
                name = chunk.quantity.name
                if (name, chunk.offset) in damaged:
                    write_chunk(file[name].id, chunk.offset, chunk.data)
                    index = chunk_index(chunk.offset, grid.chunk_shape)
                    file[GROUP][name][index] = chunk.checksum
            done += tile.size
            progress(done, grid.size)
    return True


def _tiles(grid: Grid, damaged: Blocks) -> list[int]:
    """Return the indices of the tiles that contain damaged chunks."""
    offsets = {offset for _, offset in damaged}
    tiles = map(grid.tile, range(grid.n_tiles))
    return [
        tile.index
        for tile in tiles
        if any(corner(where) in offsets for where in grid.chunks(tile))
    ]
