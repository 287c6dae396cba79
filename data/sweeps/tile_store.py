"""Where a sweep puts its tiles: into shards, one open at a time."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from critdamp.engine.maps.grid import Tile
from critdamp.engine.maps.loop import Arrays

from ..chunks.encoder import ChunkEncoder
from ..shards.contents import Contents, held
from ..shards.folder import RunFolder
from ..shards.partition import ShardPartition
from ..shards.record import Record
from ..shards.writer import ShardWriter
from .disk_space import writing


class Store:
    """Writes tiles into shards; a context manager.

    What was closed survives any kill. An error while writing drops the shard that is
    open and nothing else.

    Parameters
    ----------
    parts : folder, claimed by this process
    record : what the sweep began with
    threads : how many chunks are compressed at a time
    published : called, while others go on, with the index of each closed shard and with
        what it holds
    """

    def __init__(
        self,
        parts: RunFolder,
        record: Record,
        threads: int,
        published: Callable[[int, Contents], object],
    ) -> None:
        self._parts, self._record, self._published = parts, record, published
        self._plan, self._cut = record.plan, ShardPartition.of(record.plan)
        self._encode = ChunkEncoder(record.plan, record.compression, threads)
        self._shard: ShardWriter | None = None
        # a shard's first tile is computed before it is opened
        self._since = time.monotonic()
        # the disk takes its time: one shard is on its way there while the next is made
        self._namer = ThreadPoolExecutor(1, thread_name_prefix="critdamp-shard")
        self._naming: tuple[ShardWriter, Future[None]] | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Keep the tiles that were written, whatever ended the loop."""
        try:
            try:
                self._wait()
            finally:
                self._close_shard()
                self._wait()
        finally:
            self._encode.close()
            self._namer.shutdown()

    def missing(self) -> Iterator[Tile]:
        """Yield the tiles that no shard holds, in order."""
        shards = held(self._parts, self._record).values()
        done = {index for shard in shards for index in shard.tiles}
        for index in range(self._plan.grid.n_tiles):
            if index not in done:
                yield self._plan.grid.tile(index)

    def write(self, tile: Tile, arrays: Arrays) -> None:
        """Store a tile; it is safe once its shard is complete or this is closed.

        Raises
        ------
        FileError
            The disk or HDF5 fails.
        """
        index = self._cut.shard_of(tile.index)
        if self._shard is not None and self._shard.index != index:
            self._close_shard()
        if self._shard is None:
            with writing(self._parts):
                self._shard = ShardWriter(self._parts, index, self._record, self._since)
        with self._guarded(self._shard):
            self._shard.write(tile, self._encode(tile, arrays))

    def _close_shard(self) -> None:
        """Close the shard that is open; it gets its name while others go on."""
        self._wait()
        shard, self._shard = self._shard, None
        self._since = time.monotonic()
        if shard is not None:
            with self._guarded(shard):
                shard.close()
            self._naming = shard, self._namer.submit(self._publish, shard)

    def _publish(self, shard: ShardWriter) -> None:
        shard.publish()
        self._published(shard.index, shard.contents)

    def _wait(self) -> None:
        naming, self._naming = self._naming, None
        if naming is not None:
            shard, future = naming
            with self._guarded(shard):
                future.result()

    @contextmanager
    def _guarded(self, shard: ShardWriter) -> Iterator[None]:
        """Drop a shard that fails; one that is open beside it is not concerned."""
        try:
            with writing(self._parts):
                yield
        except BaseException:
            if self._shard is shard:
                self._shard = None
            shard.drop()
            raise
