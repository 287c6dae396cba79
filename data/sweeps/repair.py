"""Repairs runs and shards: damaged blocks are computed again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import h5py

from critdamp.engine.errors import FileError
from critdamp.engine.maps.compute import TileComputer
from critdamp.engine.maps.grid import Grid
from critdamp.engine.maps.plan import Plan

from ..chunks.blocks import chunk_index, corner
from ..chunks.checksums import GROUP, SEALS, DamagedError, seal
from ..chunks.encoder import ChunkEncoder
from ..chunks.raw_chunks import read_chunk, write_chunk
from ..formats.run_file import Run, open_run
from ..formats.run_layout import lay_out, stored
from ..shards.contents import contents, damaged_tiles
from ..shards.folder import RunFolder
from ..shards.partition import ShardPartition
from ..shards.record import Record
from ..shards.writer import ShardWriter
from ..storage.new_hdf5 import NewFile
from ..storage.os_errors import failures
from .check import Damage, of_run

# quantities, and the first index of a chunk in each dimension
Blocks = set[tuple[str, tuple[int, ...]]]


def drop_damaged(parts: RunFolder, record: Record) -> None:
    """Take damaged tiles out of the shards; what cannot be read is put aside."""
    for index in range(ShardPartition.of(record.plan).shards):
        try:
            bad = damaged_tiles(parts, index, record)
        except DamagedError:
            parts.put_aside(index)
            continue
        if bad:
            _rewrite(parts, index, record, list(bad))


def _rewrite(parts: RunFolder, index: int, record: Record, without: list[int]) -> None:
    kept = contents(parts, index, record).without(without)
    if not kept.tiles:
        parts.shard(index).unlink()
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
    temporary: Path,
) -> None:
    """Compute the damaged blocks of a finished run again.

    The file is replaced when a new one is whole, and has been looked through: where the
    index of chunks is damaged, nothing may be written by it.

    Raises
    ------
    FileError
        What the file says of itself is damaged, its plan perhaps, or the disk fails.
    """
    path, plan = run.path, run.plan
    if any(not one.quantity for one in damage):
        raise FileError(
            f"{path}: damaged beside its maps, its plan perhaps; make it again"
        )
    if any(run[name].chunks != plan.grid.chunk_shape for name in run.quantities):
        raise FileError(
            f"{path}: has the chunks of another critdamp "
            f"({run.attributes['source']}); mend it with that one, or make it again"
        )
    bad = {(one.quantity, corner(one.where)) for one in damage}
    new = NewFile(path, temporary)
    try:
        with failures(path, "write"), h5py.File(path, "r") as old:
            _copy(old, new.file, plan, bad)
            _compute(new.file, plan, bad, computer())
            seal(new.file, run.quantities)
            new.close()
            with open_run(temporary) as made:
                if of_run(made):
                    raise FileError(f"{path}: cannot be mended; make it again")
            shutil.copymode(path, temporary)
            new.publish()
    except BaseException:
        new.drop()
        raise


def _copy(old: h5py.File, new: h5py.File, plan: Plan, bad: Blocks) -> None:
    """Copy a run but for what is damaged."""
    names = [quantity.name for quantity in plan.quantities]
    known = {name: value for name, value in old.attrs.items() if name not in SEALS}
    lay_out(new, plan, stored(plan, old[names[0]].compression is not None), known)
    for name in names:
        for key, value in old[name].attrs.items():
            if key not in new[name].attrs:
                new[name].attrs[key] = value
        old.copy(old[GROUP][name], new.require_group(GROUP), name)
        taken, given = old[name].id, new[name].id
        for tile in map(plan.grid.tile, range(plan.grid.n_tiles)):
            for where in plan.grid.chunks(tile):
                if (name, corner(where)) not in bad:
                    write_chunk(given, corner(where), read_chunk(taken, where) or b"")


def _compute(file: h5py.File, plan: Plan, bad: Blocks, compute: TileComputer) -> None:
    """Compute the damaged blocks into the file of a run."""
    grid = plan.grid
    compression = file[plan.quantities[0].name].compression is not None
    with closing(ChunkEncoder(plan, compression, compute.threads)) as encode:
        for tile in map(grid.tile, _tiles(grid, bad)):
            for chunk in encode(tile, compute(tile)):
                name = chunk.quantity.name
                if (name, chunk.offset) in bad:
                    write_chunk(file[name].id, chunk.offset, chunk.data)
                    place = chunk_index(chunk.offset, grid.chunk_shape)
                    file[GROUP][name][place] = chunk.checksum


def _tiles(grid: Grid, bad: Blocks) -> list[int]:
    """Return the tiles that damaged blocks are in."""
    blocks = {at for _, at in bad}
    tiles = map(grid.tile, range(grid.n_tiles))
    return [
        tile.index
        for tile in tiles
        if any(corner(where) in blocks for where in grid.chunks(tile))
    ]
