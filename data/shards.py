"""Shards: complete HDF5 files of some tiles, the unit that a kill cannot harm.

A shard's datasets have the shape of the whole grid, but only its own chunks are stored;
the rest reads as fill value. So a chunk stands at the same offset in every file, and
merging files is copying chunks.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from critdamp.engine.errors import FileError
from critdamp.engine.grid import Tile
from critdamp.engine.plan import Plan

from .calm import NewFile
from .chunks import Chunk
from .files import beside
from .layout import lay_out, stored
from .parts import Cut, Parts, Record
from .statistics import Statistics


@dataclass
class Contents:
    """What a shard holds.

    Attributes
    ----------
    tiles : index of each tile → statistics by quantity
    seconds : that computing and writing it took
    """

    tiles: dict[int, dict[str, Statistics]] = field(default_factory=dict)
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
        return cls(tiles, float(group.attrs["seconds"]))


def contents(parts: Parts, index: int, record: Record) -> Contents:
    """Return what a shard holds, nothing if it is not there.

    Raises
    ------
    FileError
        It is damaged or of another sweep.
    """
    path = parts.shard(index)
    try:
        with h5py.File(path, "r") as file:
            if file.attrs["uuid"] == record.uuid:
                found = Contents.load(file, record.plan)
                if not set(found.tiles) <= set(Cut.of(record.plan).tiles_of(index)):
                    raise ValueError("it holds tiles of another shard")
                return found
    except FileNotFoundError:
        return Contents()
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise FileError(
            f"{path}: damaged ({error}); delete it, and critdamp resume makes it again"
        ) from error
    raise FileError(f"{path}: belongs to another sweep; move it away")


def held(parts: Parts, record: Record) -> dict[int, Contents]:
    """Return what each shard holds."""
    shards = range(Cut.of(record.plan).shards)
    return {index: contents(parts, index, record) for index in shards}


def copy_tiles(
    source: h5py.File, target: h5py.File, plan: Plan, tiles: Iterable[int]
) -> None:
    """Copy the chunks of tiles as they are, without unpacking them."""
    for quantity in plan.quantities:
        taken, given = source[quantity.name].id, target[quantity.name].id
        for index in tiles:
            for where in plan.grid.chunks(plan.grid.tile(index)):
                offset = tuple(side.start for side in where)
                mask, data = taken.read_direct_chunk(offset)
                given.write_direct_chunk(offset, data, mask)


class ShardWriter:
    """Writes a shard under a temporary name; publishing gives it its own.

    Tiles of an earlier version of the shard are taken over. `began` is the monotonic
    time at which work on it began.
    """

    def __init__(self, parts: Parts, index: int, record: Record, began: float) -> None:
        self.index = index
        path = parts.shard(index)
        self._plan = record.plan
        self._contents = contents(parts, index, record)
        self._began = began
        self._new = NewFile(path, beside(path))
        try:
            self._begin(path, record)
        except BaseException:
            self.drop()
            raise

    def _begin(self, path: Path, record: Record) -> None:
        file, make = self._new.file, stored(record.plan, record.compression)
        lay_out(file, record.plan, make, partial(record))
        self._stored = {q.name: file[q.name].id for q in record.plan.quantities}
        if self._contents.tiles:
            with h5py.File(path, "r") as old:
                copy_tiles(old, file, record.plan, self._contents.tiles)

    def write(self, tile: Tile, chunks: Iterable[Chunk]) -> None:
        """Store a tile's chunks; the tile counts once all are stored."""
        known = {name: Statistics() for name in self._stored}
        for chunk in chunks:
            name, best = chunk.quantity.name, chunk.quantity.best
            self._stored[name].write_direct_chunk(chunk.offset, chunk.data)
            known[name] = known[name].merged(chunk.statistics, best)
        self._new.check()
        self._contents.tiles[tile.index] = known

    def close(self) -> None:
        """Finish the file, still under its temporary name."""
        self._contents.seconds += time.monotonic() - self._began
        self._contents.save(self._new.file, self._plan)
        self._new.close()

    def publish(self) -> None:
        """Give the closed file its name, once it is on the disk."""
        self._new.publish()

    def drop(self) -> None:
        """Forget the file, finished shards stay."""
        self._new.drop()


def partial(record: Record) -> dict[str, Any]:
    """Return the attributes of what is not the finished run."""
    return {"uuid": record.uuid, "status": "partial"}
