"""Storage of computed tiles in shards, one shard open at a time."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
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

# time after which a shard is published with the tiles that it has
SHARD_SECONDS = 60.0


class Store:
    """Writes tiles into shards; a context manager.

    Closed shards survive any kill. An error while writing loses only the open shard,
    which has the work of at most `SHARD_SECONDS` and a tile. A shard that was closed
    before it was complete is copied when its next tile is written.

    Parameters
    ----------
    parts : folder of the run, locked by this process
    record : record of the sweep
    threads : number of chunks that are encoded at a time
    published : called in a background thread with the index and the contents of each
        finished shard
    """

    def __init__(
        self,
        parts: RunFolder,
        record: Record,
        threads: int,
        published: Callable[[int, Contents], object],
    ) -> None:
        self._parts, self._record, self._published = parts, record, published
        self._plan, self._partition = record.plan, ShardPartition.of(record.plan)
        self._encode = ChunkEncoder(record.plan, record.compression, threads)
        self._shard: ShardWriter | None = None
        # the time of a shard includes computing its first tile, before it is opened
        self._since = time.monotonic()
        # syncing is slow: one shard is published while the next one is computed
        self._publisher = ThreadPoolExecutor(1, thread_name_prefix="critdamp-shard")
        self._publishing: tuple[ShardWriter, Future[None]] | None = None

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Publish the tiles written so far, also after an error."""
        try:
            try:
                self._wait()
            finally:
                self._close_shard()
                self._wait()
        finally:
            self._encode.close()
            self._publisher.shutdown()
            if self._shard is not None:  # of one interrupt after the other
                self._shard.drop()

    def missing(self) -> Iterator[Tile]:
        """Yield the tiles that no finished shard contains, in order."""
        shards = held(self._parts, self._record).values()
        done = {index for shard in shards for index in shard.tiles}
        for index in range(self._plan.grid.n_tiles):
            if index not in done:
                yield self._plan.grid.tile(index)

    def write(self, tile: Tile, arrays: Arrays) -> None:
        """Write a tile; it is safe once its shard is published.

        Raises
        ------
        FileError
            The shard cannot be written.
        """
        index = self._partition.shard_of(tile.index)
        if self._shard is not None and self._shard.index != index:
            self._close_shard()
        if self._shard is None:
            if self._publishing is not None and self._publishing[0].index == index:
                self._wait()
            with writing(self._parts):
                self._shard = ShardWriter(self._parts, index, self._record, self._since)
        with self._guarded(self._shard):
            self._shard.write(tile, self._encode(tile, arrays))
        if time.monotonic() - self._since > SHARD_SECONDS:
            self._close_shard()

    def _close_shard(self) -> None:
        """Close the open shard, and start publishing it in the background."""
        self._wait()
        shard, self._shard = self._shard, None
        self._since = time.monotonic()
        if shard is not None:
            with self._guarded(shard):
                shard.close()
            self._publishing = shard, self._publisher.submit(self._publish, shard)

    def _publish(self, shard: ShardWriter) -> None:
        shard.publish()
        self._published(shard.index, shard.contents)

    def _wait(self) -> None:
        """Wait until the closed shard is published; raise what that raised."""
        if self._publishing is None:
            return
        shard, future = self._publishing
        # an interrupt here drops nothing: `__exit__` waits again
        wait([future])
        self._publishing = None
        with self._guarded(shard):
            future.result()

    @contextmanager
    def _guarded(self, shard: ShardWriter) -> Iterator[None]:
        """Drop this shard if the block raises; another open shard is kept."""
        try:
            with writing(self._parts):
                yield
        except BaseException:
            if self._shard is shard:
                self._shard = None
            shard.drop()
            raise
