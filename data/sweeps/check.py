"""Checks runs and shards for bytes that have changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from critdamp.engine.errors import FileError

from ..chunks.blocks import Where, chunk_block, chunk_counts, named
from ..chunks.checksums import GROUP, HASH, DamagedError, sealed
from ..chunks.deflate import crc32
from ..chunks.raw_chunks import read_chunk
from ..formats.run_file import Run, open_run
from ..shards.contents import damaged_tiles
from ..shards.folder import RunFolder
from ..shards.partition import ShardPartition
from ..shards.record import Record
from ..storage.os_errors import refusal
from .status import merged


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


def check_file(path: str | Path) -> list[Damage]:
    """Return what is damaged of a run, or of the shards of an unfinished one.

    Raises
    ------
    FileError
        A file cannot be read at all, or nothing is there.
    """
    parts = RunFolder.of(path)
    record = parts.record()
    found: list[Damage] = []
    if record is not None:
        for index in range(ShardPartition.of(record.plan).shards):
            bad = _of_shard(parts, index, record)
            found += [Damage(parts.shard(index), *one) for one in bad]
        if not parts.begun:  # it was finished while we looked
            return check_file(path)
    if record is None or merged(parts, record):
        with open_run(path) as run:
            found += of_run(run)
    return found


def _of_shard(parts: RunFolder, index: int, record: Record) -> list[tuple[str, Where]]:
    try:
        bad = damaged_tiles(parts, index, record)
    except DamagedError:
        return [("", ())]
    return [block for blocks in bad.values() for block in blocks]


def of_run(run: Run) -> list[Damage]:
    """Return what is damaged of a run."""
    try:
        with h5py.File(run.path, "r") as file:
            if HASH in file.attrs or GROUP in file:
                whole = sealed(file, run.quantities)
                blocks = _blocks(file, run) if whole else [("", ())]
                return [Damage(run.path, *one) for one in blocks]
    except Exception as error:  # HDF5 may find anything wrong
        if cause := refusal(error):
            raise FileError(f"{run.path}: {cause}") from error
        return [Damage(run.path, "", ())]
    raise FileError(f"{run.path}: has no checksums, it is of an older critdamp")


def _blocks(file: h5py.File, run: Run) -> list[tuple[str, Where]]:
    """Return the damaged ones, of chunks as the file has them."""
    bad = []
    for name in run.quantities:
        stored_in, shape, side = file[name].id, file[name].shape, file[name].chunks
        sums = file[GROUP][name][()]
        if sums.shape != chunk_counts(shape, side):
            raise ValueError("checksums of another shape")
        for at, checksum in np.ndenumerate(sums):
            where = chunk_block(at, shape, side)
            data = read_chunk(stored_in, where)
            if data is None or crc32(data) != checksum:
                bad.append((name, where))
    return bad
