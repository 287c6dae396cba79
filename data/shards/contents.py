"""What a shard says that it holds, and whether it does."""

import itertools
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
from ..storage.os_errors import refusal
from .folder import RunFolder
from .partition import ShardPartition
from .record import Record


@dataclass
class Contents:
    """What a shard holds.

    Attributes
    ----------
    tiles : index of each tile → statistics by quantity
    checksums : index of each tile → CRC-32 of its chunks by quantity
    seconds : that computing and writing it took
    """

    tiles: dict[int, dict[str, Statistics]] = field(default_factory=dict)
    checksums: dict[int, dict[str, list[int]]] = field(default_factory=dict)
    seconds: float = 0.0

    def save(self, file: h5py.File, plan: Plan) -> None:
        """Write it into the shard."""
        group = file.create_group("shard")
        group.attrs["seconds"] = self.seconds
        indices = np.array(list(self.tiles), dtype=np.int64)
        group.create_dataset("tiles", data=indices, dtype=np.int64)
        rows = [
            [known[quantity.name].to_row() for quantity in plan.quantities]
            for known in self.tiles.values()
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
        """Read it from a shard."""
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
        left = iter(group["checksums"][()].tolist())
        for index in tiles:
            count = sum(1 for _ in plan.grid.chunks(plan.grid.tile(index)))
            for name in names:
                checksums[index][name] = list(itertools.islice(left, count))
        return cls(tiles, checksums, float(group.attrs["seconds"]))

    def without(self, tiles: Iterable[int]) -> "Contents":
        """Return the contents but for some tiles."""
        gone = set(tiles)
        kept = {
            index: known for index, known in self.tiles.items() if index not in gone
        }
        sums = {index: self.checksums[index] for index in kept}
        return Contents(kept, sums, self.seconds)


@contextmanager
def open_shard(
    parts: RunFolder, index: int, record: Record
) -> Iterator[tuple[h5py.File | None, Contents]]:
    """Open a shard, and yield it with what it holds; None and nothing if there is none.

    Raises
    ------
    DamagedError, FileError
        It is damaged; it is of another sweep, or the system does not let us read it.
    """
    path = parts.shard(index)
    try:
        file = h5py.File(path, "r")
    except FileNotFoundError:
        yield None, Contents()
        return
    except Exception as error:  # HDF5 may find anything wrong
        raise _unreadable(path, error) from error
    with file:
        try:
            found = _checked(file, index, record)
        except FileError:
            raise
        except Exception as error:
            raise _unreadable(path, error) from error
        yield file, found


def contents(parts: RunFolder, index: int, record: Record) -> Contents:
    """Return what a shard holds, nothing if there is none; see `open_shard`."""
    with open_shard(parts, index, record) as (_, found):
        return found


def _checked(file: h5py.File, index: int, record: Record) -> Contents:
    if not sealed(file, tuple(q.name for q in record.plan.quantities)):
        raise ValueError("what it says of itself has changed")
    if file.attrs["uuid"] != record.uuid:
        raise FileError(f"{file.filename}: belongs to another sweep; move it away")
    if any(
        file[quantity.name].chunks != record.plan.grid.chunk_shape
        for quantity in record.plan.quantities
    ):
        raise FileError(
            f"{file.filename}: cut in another way, by another critdamp; go on with "
            "that one, or begin anew with --force"
        )
    found = Contents.load(file, record.plan)
    if not set(found.tiles) <= set(ShardPartition.of(record.plan).tiles_of(index)):
        raise ValueError("it holds tiles of another shard")
    return found


def _unreadable(path: Path, error: Exception) -> FileError:
    """Return what to raise: what the system says is no damage."""
    if cause := refusal(error):
        return FileError(f"{path}: {cause}")
    return DamagedError(f"{path}: damaged ({error}); critdamp resume makes it again")


def held(parts: RunFolder, record: Record) -> dict[int, Contents]:
    """Return what each shard holds."""
    shards = range(ShardPartition.of(record.plan).shards)
    return {index: contents(parts, index, record) for index in shards}


def checked_chunks(
    file: h5py.File, plan: Plan, found: Contents
) -> Iterator[tuple[int, str, Where, bytes | None]]:
    """Yield tile, quantity, place and bytes of each chunk of a shard.

    The bytes are None where they are not those that were written.
    """
    for quantity in plan.quantities:
        stored_in = file[quantity.name].id
        for index in found.tiles:
            places = plan.grid.chunks(plan.grid.tile(index))
            sums = found.checksums[index][quantity.name]
            for where, checksum in zip(places, sums, strict=True):
                data = read_chunk(stored_in, where)
                right = data is not None and crc32(data) == checksum
                yield index, quantity.name, where, data if right else None


def copy_tiles(
    source: h5py.File, target: h5py.File, plan: Plan, found: Contents, ending: str
) -> None:
    """Copy the chunks of tiles as they are, without unpacking them.

    Raises
    ------
    DamagedError
        One of them is not what was written; the message gets the ending.
    """
    # looking a dataset up takes longer than copying a chunk
    given = {quantity.name: target[quantity.name].id for quantity in plan.quantities}
    for _, name, where, data in checked_chunks(source, plan, found):
        if data is None:
            raise DamagedError(
                f"{source.filename}: damaged: {named(name, where)}{ending}"
            )
        write_chunk(given[name], corner(where), data)


def damaged_tiles(
    parts: RunFolder, index: int, record: Record
) -> dict[int, list[tuple[str, Where]]]:
    """Return, for each damaged tile of a shard, its damaged blocks by quantity."""
    bad: dict[int, list[tuple[str, Where]]] = {}
    with open_shard(parts, index, record) as (file, found):
        if file is not None:
            for tile, name, where, data in checked_chunks(file, record.plan, found):
                if data is None:
                    bad.setdefault(tile, []).append((name, where))
    return bad
