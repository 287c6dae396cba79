"""Integrity checks of runs and shards."""

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
from ..storage.open_hdf5 import open_to_read
from ..storage.os_errors import refuse
from .status import merged, of_one_sweep


@dataclass(frozen=True)
class Damage:
    """A block of a map whose bytes do not match their checksum.

    Attributes
    ----------
    path : path of the file
    quantity : quantity of the map; empty if the metadata are damaged
    where : block in the grid
    """

    path: Path
    quantity: str
    where: Where

    def __str__(self) -> str:
        """Return quantity and block as text, or "its metadata"."""
        return named(self.quantity, self.where) if self.quantity else "its metadata"


def check_file(path: str | Path) -> list[Damage]:
    """Return the damaged blocks of a run, or of the shards of an unfinished run.

    Raises
    ------
    FileError
        There is no run, or a file cannot be read.
    """
    parts = RunFolder.of(path)
    return of_one_sweep(parts, lambda record: _of_files(parts, record))


def _of_files(parts: RunFolder, record: Record | None) -> list[Damage]:
    damage: list[Damage] = []
    if record is not None:
        for index in range(ShardPartition.of(record.plan).shards):
            path = parts.shown(parts.shard(index))
            blocks = _of_shard(parts, index, record)
            damage += [Damage(path, *block) for block in blocks]
    if record is None or merged(parts, record):
        with open_run(parts.name) as run:
            damage += of_run(run)
    return damage


def _of_shard(parts: RunFolder, index: int, record: Record) -> list[tuple[str, Where]]:
    try:
        damaged = damaged_tiles(parts, index, record)
    except DamagedError:
        return [("", ())]
    return [block for blocks in damaged.values() for block in blocks]


def of_run(run: Run) -> list[Damage]:
    """Return the damaged blocks of a run.

    Raises
    ------
    FileError
        The file has no checksums, or the system refuses to read it.
    """
    try:
        with open_to_read(run.path) as file:
            if HASH in file.attrs or GROUP in file:
                intact = sealed(file, run.quantities)
                blocks = _blocks(file, run) if intact else [("", ())]
                return [Damage(run.path, *block) for block in blocks]
    except Exception as error:  # h5py may raise any exception for a damaged file
        refuse(run.path, error)
        return [Damage(run.path, "", ())]
    raise FileError(
        f"{run.path}: has no checksums, since an older critdamp wrote it; "
        "it cannot be checked"
    )


def _blocks(file: h5py.File, run: Run) -> list[tuple[str, Where]]:
    """Return (quantity, block) of the damaged chunks of a run."""
    damaged = []
    for name in run.quantities:
        stored_in, shape, chunk = file[name].id, file[name].shape, file[name].chunks
        sums = file[GROUP][name][()]
        if sums.shape != chunk_counts(shape, chunk):
            raise ValueError("checksums of another shape")
        for index, checksum in np.ndenumerate(sums):
            where = chunk_block(index, shape, chunk)
            data = read_chunk(stored_in, where)
            if data is None or crc32(data) != checksum:
                damaged.append((name, where))
    return damaged
