"""One file of all shards: the run at the end, and a view of them until then."""

from typing import Any, Self

import h5py
import numpy as np
import numpy.typing as npt

from critdamp.engine.errors import FileError
from critdamp.engine.maps.plan import Plan
from critdamp.engine.quantities.quantity import MapQuantity

from ..chunks.blocks import chunk_counts, chunk_index, corner
from ..chunks.checksums import add_checksums, seal
from ..chunks.statistics import Statistics
from ..formats.provenance import history, now
from ..formats.run_layout import lay_out, note_statistics, stored
from ..shards.contents import Contents, contents, copy_tiles
from ..shards.folder import RunFolder
from ..shards.partition import ShardPartition
from ..shards.record import Record
from ..storage.new_hdf5 import NewFile
from .status import merged


class Merger:
    """Makes the run of shards as they get complete; a context manager.

    Chunks are copied as they are, without unpacking them. Until it is finished the run
    is a temporary file, which any failure or interruption drops: it can be made again.

    Parameters
    ----------
    parts : folder, claimed by this process
    record : what the sweep began with
    """

    def __init__(self, parts: RunFolder, record: Record) -> None:
        self._parts, self._record = parts, record
        self._cut = ShardPartition.of(record.plan)
        self._new: NewFile | None = None
        self._copied: dict[int, Contents] = {}

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Drop what is not finished."""
        if self._new is not None:
            self._new.drop()

    def add(self, index: int, found: Contents) -> None:
        """Take over a shard, of which we know what it holds, if it is complete.

        Raises
        ------
        OSError, FileError
            The disk fails, or the shard is damaged.
        """
        plan, shard = self._record.plan, self._parts.shard(index)
        if len(found.tiles) < len(self._cut.tiles_of(index)):
            return
        new = self._begun()
        with h5py.File(shard, "r") as source:
            copy_tiles(source, new.file, plan, found, f"; {self._parts.kept()}")
        self._copied[index] = found
        # so that the disk has little left to do at the end
        new.sync()

    def finish(self) -> None:
        """Take over the shards that are left, and give the run its name.

        Raises
        ------
        OSError, FileError
            The disk fails, a shard is damaged, or tiles are missing.
        """
        for index in range(self._cut.shards):
            if index not in self._copied:
                self.add(index, contents(self._parts, index, self._record))
        missing = self._cut.shards - len(self._copied)
        if missing:
            raise FileError(
                f"{self._parts.path}: {missing} shards miss tiles; {self._parts.kept()}"
            )
        new = self._begun()
        for quantity in self._record.plan.quantities:
            known = _together(quantity, self._copied)
            note_statistics(new.file[quantity.name], self._record.plan, known)
            sums = _checksums(quantity, self._record.plan, self._copied)
            add_checksums(new.file, quantity.name, sums)
        new.file.attrs.update(_attributes(self._record, self._copied))
        seal(new.file, tuple(q.name for q in self._record.plan.quantities))
        new.close()
        refuse_other(self._parts, self._record)
        new.publish()
        self._new = None

    def _begun(self) -> NewFile:
        if self._new is None:
            plan = self._record.plan
            self._new = NewFile(self._parts.path, self._parts.temporary)
            make = stored(plan, self._record.compression)
            lay_out(self._new.file, plan, make, {"uuid": self._record.uuid})
        return self._new


def refuse_other(parts: RunFolder, record: Record) -> None:
    """Raise a FileError if a file is there that the sweep was not asked to replace."""
    if parts.path.exists() and not (record.force or merged(parts, record)):
        raise FileError(
            f"{parts.path}: a file appeared there since the sweep began; "
            f"move it away, then {parts.kept()}"
        )


def _together(quantity: MapQuantity, shards: dict[int, Contents]) -> Statistics:
    known = Statistics()
    for shard in shards.values():
        for tile in shard.tiles.values():
            known = known.merged(tile[quantity.name], quantity.best)
    return known


def _checksums(
    quantity: MapQuantity, plan: Plan, shards: dict[int, Contents]
) -> npt.NDArray[np.uint32]:
    """Return the CRC-32 of each chunk of a map."""
    side = plan.grid.chunk_shape
    sums = np.zeros(chunk_counts(plan.grid.shape, side), np.uint32)
    for shard in shards.values():
        for index, known in shard.checksums.items():
            places = plan.grid.chunks(plan.grid.tile(index))
            for where, one in zip(places, known[quantity.name], strict=True):
                sums[chunk_index(corner(where), side)] = one
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
