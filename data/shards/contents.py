"""Contents of a shard: tiles with checksums and statistics, and their checks."""

import itertools
import operator
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from critdamp.engine.errors import FileError
from critdamp.engine.maps.plan import Plan

from ..chunks.blocks import Where, corner, named
from ..chunks.checksums import DamagedError, seal, sealed
from ..chunks.deflate import crc32
from ..chunks.raw_chunks import read_chunk, write_chunk
from ..chunks.statistics import Statistics
from ..formats.kinds import RUN
from ..storage.open_hdf5 import open_to_read, refuse_newer
from ..storage.os_errors import refuse
from ..storage.regular_files import NotRegularError, refuse_irregular
from .folder import START_OVER, RunFolder
from .partition import ShardPartition
from .record import Record


@dataclass
class Contents:
    """Tiles of a shard, with their statistics and checksums.

    Attributes
    ----------
    tiles : index of the tile → statistics by quantity
    checksums : index of the tile → CRC-32 of its chunks by quantity
    seconds : time spent on computing and writing the shard
    """

    tiles: dict[int, dict[str, Statistics]] = field(default_factory=dict)
    checksums: dict[int, dict[str, list[int]]] = field(default_factory=dict)
    seconds: float = 0.0

    def save(self, file: h5py.File, plan: Plan) -> None:
        """Write the contents to the group `shard`, and seal the file."""
        group = file.create_group("shard")
        group.attrs["seconds"] = self.seconds
        indices = np.array(list(self.tiles), dtype=np.int64)
        group.create_dataset("tiles", data=indices, dtype=np.int64)
        rows = [
            [statistics[quantity.name].to_row() for quantity in plan.quantities]
            for statistics in self.tiles.values()
        ]
        group.create_dataset("statistics", data=np.array(rows), dtype=np.float64)
        sums = [
            self.checksums[index][quantity.name]
            for index in self.tiles
            for quantity in plan.quantities
        ]
        group.create_dataset("checksums", data=np.concatenate(sums), dtype=np.uint32)
        seal(file, tuple(quantity.name for quantity in plan.quantities))

    @classmethod
    def load(cls, file: h5py.File, plan: Plan) -> "Contents":
        """Return the contents that the group `shard` of a file describes."""
        group = file["shard"]
        names = [quantity.name for quantity in plan.quantities]
        rows = zip(group["tiles"][()].tolist(), group["statistics"][()], strict=True)
        tiles = {
            index: {
                name: Statistics.from_row(row)
                for name, row in zip(names, table, strict=True)
            }
            for index, table in rows
        }
        checksums: dict[int, dict[str, list[int]]] = {index: {} for index in tiles}
        remaining = iter(group["checksums"][()].tolist())
        for index in tiles:
            count = sum(1 for _ in plan.grid.chunks(plan.grid.tile(index)))
            for name in names:
                checksums[index][name] = list(itertools.islice(remaining, count))
        if next(remaining, None) is not None:
            raise ValueError("it holds tiles of another size")
        return cls(tiles, checksums, float(group.attrs["seconds"]))

    def without(self, tiles: Iterable[int]) -> "Contents":
        """Return the contents without the given tiles."""
        removed = set(tiles)
        kept = {i: tile for i, tile in self.tiles.items() if i not in removed}
        sums = {index: self.checksums[index] for index in kept}
        return Contents(kept, sums, self.seconds)


def open_own(path: Path) -> h5py.File:
    """Return an opened shard, which has to be a regular file; see `open_to_read`.

    Raises
    ------
    FileError
        It is a link, or no regular file, or something in it leads to another file.
    """
    refuse_irregular(path)
    return open_to_read(path)


@contextmanager
def open_shard(
    parts: RunFolder, index: int, record: Record
) -> Iterator[tuple[h5py.File | None, Contents]]:
    """Yield an open shard and its contents; None and empty contents without a file.

    Raises
    ------
    DamagedError
        The shard is damaged.
    FileError
        The shard belongs to another sweep, has other chunks, or the system refuses to
        read it.
    """
    path = parts.shown(parts.shard(index))
    try:
        file = open_own(parts.shard(index))
    except FileNotFoundError:
        yield None, Contents()
        return
    except NotRegularError:
        raise
    except Exception as error:  # h5py may raise any exception for a damaged file
        raise _unreadable(path, error) from error
    with file:
        try:
            shard = _checked(path, file, index, record)
        except FileError:
            raise
        except Exception as error:
            raise _unreadable(path, error) from error
        yield file, shard


def contents(parts: RunFolder, index: int, record: Record) -> Contents:
    """Return the contents of a shard, empty without a file; see `open_shard`."""
    with open_shard(parts, index, record) as (_, shard):
        return shard


def _checked(path: Path, file: h5py.File, index: int, record: Record) -> Contents:
    """Return the contents of an open shard, after checks of its metadata."""
    refuse_newer(path, operator.index(file.attrs["format_version"]), RUN)
    if not sealed(file, tuple(q.name for q in record.plan.quantities)):
        raise ValueError("its metadata have changed")
    if file.attrs["uuid"] != record.uuid:
        raise FileError(f"{path}: belongs to another sweep; move it away")
    if any(
        file[quantity.name].chunks != record.plan.grid.chunk_shape
        for quantity in record.plan.quantities
    ):
        raise FileError(
            f"{path}: has other chunks, of another critdamp; go on with that one",
            advice=START_OVER,
        )
    shard = Contents.load(file, record.plan)
    if not set(shard.tiles) <= set(ShardPartition.of(record.plan).tiles_of(index)):
        raise ValueError("it holds tiles of another shard")
    return shard


def _unreadable(path: Path, error: Exception) -> DamagedError:
    """Return the error of a damaged shard; raise what the system refuses."""
    refuse(path, error)
    return DamagedError(f"{path}: damaged ({error}); critdamp resume makes it again")


def held(parts: RunFolder, record: Record) -> dict[int, Contents]:
    """Return the contents of each shard of a sweep."""
    shards = range(ShardPartition.of(record.plan).shards)
    return {index: contents(parts, index, record) for index in shards}


def checked_chunks(
    file: h5py.File, plan: Plan, found: Contents
) -> Iterator[tuple[int, str, Where, bytes | None]]:
    """Yield tile, quantity, block and stored bytes of each chunk of a shard.

    The bytes are None if they do not match the checksum.
    """
    for quantity in plan.quantities:
        stored_in = file[quantity.name].id
        for index in found.tiles:
            blocks = plan.grid.chunks(plan.grid.tile(index))
            sums = found.checksums[index][quantity.name]
            for where, checksum in zip(blocks, sums, strict=True):
                data = read_chunk(stored_in, where)
                intact = data is not None and crc32(data) == checksum
                yield index, quantity.name, where, data if intact else None


def copy_tiles(
    source: h5py.File, target: h5py.File, plan: Plan, found: Contents, ending: str
) -> None:
    """Copy the stored chunks of tiles without decoding them.

    Parameters
    ----------
    source, target : open shard, and open shard or run
    plan : plan of the sweep
    found : contents of the source; all its tiles are copied
    ending : end of the message of a DamagedError

    Raises
    ------
    DamagedError
        A chunk does not match its checksum.
    """
    # looking up a dataset takes longer than copying a chunk
    stored_in = {q.name: target[q.name].id for q in plan.quantities}
    for _, name, where, data in checked_chunks(source, plan, found):
        if data is None:
            raise DamagedError(
                f"{source.filename}: damaged: {named(name, where)}{ending}"
            )
        write_chunk(stored_in[name], corner(where), data)


def damaged_tiles(
    parts: RunFolder, index: int, record: Record
) -> dict[int, list[tuple[str, Where]]]:
    """Return index of the tile → (quantity, block) of its damaged chunks in a shard."""
    damaged: dict[int, list[tuple[str, Where]]] = {}
    with open_shard(parts, index, record) as (file, shard):
        if file is not None:
            for tile, name, where, data in checked_chunks(file, record.plan, shard):
                if data is None:
                    damaged.setdefault(tile, []).append((name, where))
    return damaged
