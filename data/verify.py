"""Looks for bits that have changed in runs and shards, and mends what it finds."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from critdamp.engine.compute import TileComputer
from critdamp.engine.errors import FileError
from critdamp.engine.grid import Grid
from critdamp.engine.plan import Plan

from .calm import NewFile
from .chunks import ChunkEncoder
from .contents import contents, damaged_tiles
from .deflate import crc32
from .direct import read_chunk, write_chunk
from .files import failures
from .integrity import (
    GROUP,
    HASH,
    SEALS,
    DamagedError,
    Where,
    corner,
    named,
    place_of,
    seal,
    sealed,
)
from .layout import lay_out, stored
from .parts import Parts
from .records import Cut, Record
from .runfile import Run, open_run
from .shards import ShardWriter
from .states import merged


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
        if not parts.begun:  # it was finished while we looked
            return verify(path)
    if record is None or merged(parts, record):
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
    try:
        with h5py.File(run.path, "r") as file:
            if HASH in file.attrs or GROUP in file:
                whole = sealed(file, run.quantities)
                blocks = _blocks(file, run) if whole else [("", ())]
                return [Damage(run.path, *one) for one in blocks]
    except Exception:  # HDF5 may find anything wrong
        return [Damage(run.path, "", ())]
    raise FileError(f"{run.path}: has no checksums, it is of an older critdamp")


def _blocks(file: h5py.File, run: Run) -> list[tuple[str, Where]]:
    """Return the damaged ones, of chunks as the file has them."""
    bad = []
    for name in run.quantities:
        stored_in, shape, side = file[name].id, file[name].shape, file[name].chunks
        sums = file[GROUP][name][()]
        if sums.shape != tuple(-(-n // c) for n, c in zip(shape, side, strict=True)):
            raise ValueError("checksums of another shape")
        for at, checksum in np.ndenumerate(sums):
            ends = zip(at, side, shape, strict=True)
            where = tuple(slice(i * c, min(i * c + c, n)) for i, c, n in ends)
            data = read_chunk(stored_in, where)
            if data is None or crc32(data) != checksum:
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
    new = NewFile(path, temporary)
    try:
        with failures(path, "write"), h5py.File(path, "r") as old:
            _copy(old, new.file, plan, damage)
            _compute(new.file, run, damage, computer())
            seal(new.file, run.quantities)
            new.close()
            with open_run(temporary) as made:
                if _of_run(made):
                    raise FileError(f"{path}: cannot be mended; make it again")
            shutil.copymode(path, temporary)
            new.publish()
    except BaseException:
        new.drop()
        raise


def _copy(old: h5py.File, new: h5py.File, plan: Plan, damage: list[Damage]) -> None:
    """Copy a run but for what is damaged."""
    bad = {(one.quantity, corner(one.where)) for one in damage}
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


def _compute(
    file: h5py.File, run: Run, damage: list[Damage], compute: TileComputer
) -> None:
    """Compute the damaged blocks into the file of a run."""
    grid, bad = run.plan.grid, {(one.quantity, corner(one.where)) for one in damage}
    compression = file[run.quantities[0]].compression is not None
    with closing(ChunkEncoder(run.plan, compression, compute.threads)) as encode:
        for tile in map(grid.tile, _tiles(grid, damage)):
            for chunk in encode(tile, compute(tile)):
                name = chunk.quantity.name
                if (name, chunk.offset) in bad:
                    write_chunk(file[name].id, chunk.offset, chunk.data)
                    place = place_of(grid, chunk.offset)
                    file[GROUP][name][place] = chunk.checksum


def _tiles(grid: Grid, damage: list[Damage]) -> list[int]:
    """Return the tiles that damaged blocks are in."""
    blocks = {corner(one.where) for one in damage}
    tiles = map(grid.tile, range(grid.n_tiles))
    return [
        tile.index
        for tile in tiles
        if any(corner(where) in blocks for where in grid.chunks(tile))
    ]
