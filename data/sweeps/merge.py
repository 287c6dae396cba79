"""Merging of shards into the run file."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from critdamp.engine.errors import FileError, OutputExistsError
from critdamp.engine.maps.plan import Plan
from critdamp.engine.quantities.quantity import MapQuantity

from ..chunks.blocks import chunk_counts, chunk_index, corner
from ..chunks.checksums import add_checksums, seal
from ..chunks.statistics import Statistics
from ..formats.provenance import history, now
from ..formats.run_layout import lay_out, note_statistics, stored
from ..shards.contents import Contents, contents, copy_tiles, open_own
from ..shards.folder import RunFolder
from ..shards.partition import ShardPartition
from ..shards.record import Record
from ..storage.new_hdf5 import NewFile
from .status import merged


class Merger:
    """Copies complete shards into the run file; a context manager.

    Chunks are copied without decoding. Until `finish` the run is a temporary file,
    which is removed on any failure or interruption: the shards remain.

    Parameters
    ----------
    parts : folder of the run, locked by this process
    record : record of the sweep
    """

    def __init__(self, parts: RunFolder, record: Record) -> None:
        self._parts, self._record = parts, record
        self._partition = ShardPartition.of(record.plan)
        self._new: NewFile | None = None
        self._copied: dict[int, Contents] = {}

    def __enter__(self) -> Self:
        """Return the merger itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Remove the run file if it is unfinished."""
        if self._new is not None:
            self._new.drop()

    def add(self, index: int, found: Contents) -> None:
        """Copy a shard into the run if the shard is complete.

        Parameters
        ----------
        index : index of the shard
        found : contents of the shard

        Raises
        ------
        OSError, FileError
            The run cannot be written, or the shard is damaged.
        """
        plan, shard = self._record.plan, self._parts.shard(index)
        if len(found.tiles) < len(self._partition.tiles_of(index)):
            return
        new = self._new_file()
        with open_own(shard) as source:
            copy_tiles(source, new.file, plan, found, f"; {self._parts.kept()}")
        self._copied[index] = found
        # the sync at the end then has little left to write
        new.sync()

    def finish(self) -> None:
        """Copy the remaining shards, write the metadata, and publish the run.

        Raises
        ------
        OSError, FileError
            The run cannot be written, a shard is damaged, or tiles are missing.
        """
        self._copy_remaining()
        new, plan = self._new_file(), self._record.plan
        for quantity in plan.quantities:
            statistics = _statistics(quantity, self._copied)
            note_statistics(new.file[quantity.name], plan, statistics)
            sums = _checksums(quantity, plan, self._copied)
            add_checksums(new.file, quantity.name, sums)
        new.file.attrs.update(_attributes(self._record, self._copied))
        seal(new.file, tuple(q.name for q in plan.quantities))
        new.close()
        self._publish(new)
        self._new = None

    def _publish(self, new: NewFile) -> None:
        """Rename the run to its path, where nothing is that it must not replace."""
        # where nothing is now, nothing is ever replaced; else `_check` has looked at it
        try:
            new.publish(replace=self._parts.path.exists())
        except OutputExistsError:
            refuse_other(self._parts, self._record)
            raise

    def _check(self) -> None:
        """Raise a FileError if the lock is lost, or the run must not be replaced."""
        self._parts.check()
        refuse_other(self._parts, self._record)

    def _copy_remaining(self) -> None:
        for index in range(self._partition.shards):
            if index not in self._copied:
                self.add(index, contents(self._parts, index, self._record))
        missing = self._partition.shards - len(self._copied)
        if missing:
            shards = "1 shard misses" if missing == 1 else f"{missing} shards miss"
            raise FileError(f"{self._parts}: {shards} tiles; {self._parts.kept()}")

    def _new_file(self) -> NewFile:
        """Return the run file, created at the first call."""
        if self._new is None:
            parts, plan = self._parts, self._record.plan
            new = NewFile(parts.path, parts.temporary(), self._check)
            make = stored(plan, self._record.compression)
            try:
                lay_out(new.file, plan, make, {"uuid": self._record.uuid})
            except BaseException:
                new.drop()
                raise
            self._new = new
        return self._new


def refuse_other(parts: RunFolder, record: Record) -> None:
    """Raise a FileError if a run exists that the sweep must not replace."""
    found = parts.identity()
    if found and found != record.replaces and not merged(parts, record):
        raise FileError(
            f"{parts}: a file appeared there since the sweep began; "
            f"move it away, then {parts.kept()}"
        )


def _statistics(quantity: MapQuantity, shards: dict[int, Contents]) -> Statistics:
    statistics = Statistics()
    for shard in shards.values():
        for tile in shard.tiles.values():
            statistics = statistics.merged(tile[quantity.name], quantity.best)
    return statistics


def _checksums(
    quantity: MapQuantity, plan: Plan, shards: dict[int, Contents]
) -> npt.NDArray[np.uint32]:
    """Return the CRC-32 of each chunk of a map, shape (chunks along each dimension)."""
    chunk = plan.grid.chunk_shape
    sums = np.zeros(chunk_counts(plan.grid.shape, chunk), np.uint32)
    for shard in shards.values():
        for index, of_tile in shard.checksums.items():
            blocks = plan.grid.chunks(plan.grid.tile(index))
            for where, checksum in zip(blocks, of_tile[quantity.name], strict=True):
                sums[chunk_index(corner(where), chunk)] = checksum
    return sums


def _attributes(record: Record, shards: dict[int, Contents]) -> dict[str, Any]:
    last = dict(record.sessions[-1])
    del last["date_started"]
    return {
        **last,
        "status": "complete",
        "history": history(record.sessions),
        "date_created": record.sessions[0]["date_started"],
        "date_modified": now(),
        "wall_time_s": sum(shard.seconds for shard in shards.values()),
        "n_tiles": record.plan.grid.n_tiles,
        "n_sessions": len(record.sessions),
    }
