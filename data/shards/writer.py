"""Writer of shards: complete HDF5 files of some tiles, the unit that survives a kill.

The datasets of a shard have the shape of the whole grid, but only its own chunks are
stored; all others read as fill value. A chunk has the same offset in every file, so
merging files is copying chunks.
"""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h5py

from critdamp.engine.maps.grid import Tile
from critdamp.engine.quantities.quantity import MapQuantity

from ..chunks.encoder import Chunk
from ..chunks.raw_chunks import write_chunk
from ..chunks.statistics import Statistics
from ..formats.run_layout import lay_out, stored
from ..storage.atomic_files import beside
from ..storage.new_hdf5 import NewFile
from .contents import contents, copy_tiles, open_own
from .folder import RunFolder
from .record import Record


class ShardWriter:
    """Writes a shard under a temporary name; `publish` renames it.

    Parameters
    ----------
    parts : folder of the run
    index : index of the shard
    record : record of the sweep
    began : time.monotonic() when work on the shard began
    without : tiles that are not copied from an existing version of the shard

    Attributes
    ----------
    index : index of the shard
    contents : tiles written so far
    """

    def __init__(
        self,
        parts: RunFolder,
        index: int,
        record: Record,
        began: float,
        without: Iterable[int] = (),
    ) -> None:
        self.index = index
        path = parts.shard(index)
        self._plan = record.plan
        self.contents = contents(parts, index, record).without(without)
        self._ending = f"; {parts.kept()}"
        self._began = began
        self._new = NewFile(path, beside(path), parts.check)
        try:
            self._begin(path, record)
        except BaseException:
            self.drop()
            raise

    def _begin(self, path: Path, record: Record) -> None:
        file, make = self._new.file, stored(record.plan, record.compression)
        lay_out(file, record.plan, make, partial(record))
        for quantity in record.plan.quantities:
            file[alias(record, quantity)] = h5py.SoftLink(f"/{quantity.name}")
        self._stored = {q.name: file[q.name].id for q in record.plan.quantities}
        if self.contents.tiles:
            with open_own(path) as old:
                copy_tiles(old, file, record.plan, self.contents, self._ending)

    def write(self, tile: Tile, chunks: Iterable[Chunk]) -> None:
        """Write the chunks of a tile; the tile counts once all are written."""
        statistics = {name: Statistics() for name in self._stored}
        sums: dict[str, list[int]] = {name: [] for name in self._stored}
        for chunk in chunks:
            name, best = chunk.quantity.name, chunk.quantity.best
            write_chunk(self._stored[name], chunk.offset, chunk.data)
            statistics[name] = statistics[name].merged(chunk.statistics, best)
            sums[name].append(chunk.checksum)
        self._new.check()
        self.contents.tiles[tile.index] = statistics
        self.contents.checksums[tile.index] = sums

    def close(self) -> None:
        """Write the contents and close the file under its temporary name."""
        self.contents.seconds += time.monotonic() - self._began
        self.contents.save(self._new.file, self._plan)
        self._new.close()

    def publish(self) -> None:
        """Sync the closed file and rename it to its final path."""
        self._new.publish()

    def drop(self) -> None:
        """Remove the temporary file; an existing version of the shard is kept."""
        self._new.drop()


def alias(record: Record, quantity: MapQuantity) -> str:
    """Return the name of a link to a map that only the shards of one sweep have."""
    return f"{quantity.name}-{record.uuid}"


def partial(record: Record) -> dict[str, Any]:
    """Return the root attributes of a shard or a live view."""
    return {"uuid": record.uuid, "status": "partial"}
