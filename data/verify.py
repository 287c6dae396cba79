"""Looks for bits that have changed in runs and shards, and mends what it finds."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import h5py

from critdamp.engine.compute import TileComputer
from critdamp.engine.errors import FileError
from critdamp.engine.grid import Grid

from .chunks import Chunk, ChunkEncoder
from .contents import contents, damaged_tiles
from .deflate import crc32
from .direct import read_chunk, write_chunk
from .files import appearing, failures
from .integrity import (
    GROUP,
    HASH,
    DamagedError,
    Where,
    chunks_of,
    corner,
    named,
    place_of,
    seal,
    sealed,
)
from .parts import Parts
from .records import Cut, Record
from .runfile import Run, open_run
from .shards import ShardWriter


@dataclass(frozen=True)
class Damage:
    """A block of a map whose bytes are not those that were written.

    Attributes
    ----------
    path : of the file
    quantity : whose block it is; empty where what the file says of itself has changed
    where : its place in the grid
    """

    path: Path
    quantity: str
    where: Where

    def __str__(self) -> str:
        """Return how people call it."""
        return named(self.quantity, self.where) if self.quantity else "its description"


def verify(path: str | Path) -> list[Damage]:
    """Return what is damaged of a run, or of the shards of an unfinished one.

    Raises
    ------
    FileError
        A file cannot be read at all, or nothing is there.
    """
    parts = Parts.of(path)
    record = parts.record()
    found: list[Damage] = []
    if record is not None:
        for index in range(Cut.of(record.plan).shards):
            bad = _of_shard(parts, index, record)
            found += [Damage(parts.shard(index), *one) for one in bad]
    if record is None or parts.path.exists():
        with open_run(path) as run:
            found += _of_run(run)
    return found


def _of_shard(parts: Parts, index: int, record: Record) -> list[tuple[str, Where]]:
    try:
        bad = damaged_tiles(parts, index, record)
    except DamagedError:
        return [("", ())]
    return [block for blocks in bad.values() for block in blocks]


def _of_run(run: Run) -> list[Damage]:
    with h5py.File(run.path, "r") as file:
        if HASH not in file.attrs and GROUP not in file:
            raise FileError(f"{run.path}: has no checksums, it is of an older critdamp")
        if not sealed(file, run.quantities):
            return [Damage(run.path, "", ())]
        return [Damage(run.path, *block) for block in _blocks(file, run)]


def _blocks(file: h5py.File, run: Run) -> list[tuple[str, Where]]:
    grid, bad = run.plan.grid, []
    for name in run.quantities:
        sums = file[GROUP][name][()]
        if sums.shape != chunks_of(grid):
            raise FileError(f"{run.path}: damaged: checksums of another shape")
        for tile in map(grid.tile, range(grid.n_tiles)):
            for where in grid.chunks(tile):
                _, data = read_chunk(file[name].id, where)
                if data is None or crc32(data) != sums[place_of(grid, corner(where))]:
                    bad.append((name, where))
    return bad


def drop_damaged(parts: Parts, record: Record) -> None:
    """Take damaged tiles out of the shards; what cannot be read is put aside."""
    for index in range(Cut.of(record.plan).shards):
        try:
            bad = damaged_tiles(parts, index, record)
        except DamagedError:
            parts.put_aside(index)
            continue
        if bad:
            _rewrite(parts, index, record, list(bad))


def _rewrite(parts: Parts, index: int, record: Record, without: list[int]) -> None:
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


def mend(run: Run, damage: list[Damage], computer: Callable[[], TileComputer]) -> None:
    """Compute the damaged blocks of a finished run again.

    The file is replaced when the new one is whole.

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
    blocks = {(one.quantity, corner(one.where)) for one in damage}
    compute = computer()
    compression = run[run.quantities[0]].compression is not None
    encode = ChunkEncoder(plan, compression, compute.threads)
    with failures(path, "write"), closing(encode), appearing(path) as temporary:
        shutil.copyfile(path, temporary)
        with h5py.File(temporary, "r+") as file:
            for tile in map(plan.grid.tile, _tiles(plan.grid, damage)):
                for chunk in encode(tile, compute(tile)):
                    if (chunk.quantity.name, chunk.offset) in blocks:
                        _replace(file, plan.grid, chunk)
            seal(file, run.quantities)


def _replace(file: h5py.File, grid: Grid, chunk: Chunk) -> None:
    name = chunk.quantity.name
    write_chunk(file[name].id, chunk.offset, chunk.data)
    file[GROUP][name][place_of(grid, chunk.offset)] = chunk.checksum


def _tiles(grid: Grid, damage: list[Damage]) -> list[int]:
    """Return the tiles that damaged blocks are in."""
    blocks = {corner(one.where) for one in damage}
    tiles = map(grid.tile, range(grid.n_tiles))
    return [
        tile.index
        for tile in tiles
        if any(corner(where) in blocks for where in grid.chunks(tile))
    ]
