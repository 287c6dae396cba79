"""Encoding of chunks in threads, outside HDF5, whose filters run on one core.

A chunk is shuffled and deflated here and then written directly. The bytes are in the
format of HDF5's built-in filters, so every HDF5 reader can decode them.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from critdamp.engine.maps.grid import Grid, Tile
from critdamp.engine.maps.loop import Arrays
from critdamp.engine.maps.plan import Plan
from critdamp.engine.quantities.quantity import MapQuantity

from .blocks import corner
from .deflate import crc32, pack, shuffle
from .statistics import Statistics, fill_of, statistics_of

Array = npt.NDArray[Any]
# a chunk, and its byte planes
Buffers = tuple[Array, Array]


class Chunk(NamedTuple):
    """An encoded chunk, ready to be written.

    Attributes
    ----------
    quantity : quantity of the map
    offset : first index of the chunk in each dimension of the grid
    data : encoded bytes
    statistics : statistics of the points inside the grid
    checksum : CRC-32 of the data
    """

    quantity: MapQuantity
    offset: tuple[int, ...]
    data: bytes
    statistics: Statistics
    checksum: int


class ChunkEncoder:
    """Encodes the chunks of tiles in a pool of threads.

    Parameters
    ----------
    plan : plan of the sweep
    compression : whether chunks are shuffled and deflated
    threads : number of chunks that are encoded at a time
    """

    def __init__(self, plan: Plan, compression: bool, threads: int) -> None:
        self._plan = plan
        self._grid: Grid = plan.grid
        self._encode: Callable[[Buffers], bytes] = _deflated if compression else _plain
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="critdamp-chunk")

    def close(self) -> None:
        """Shut the thread pool down."""
        self._pool.shutdown()

    def __call__(self, tile: Tile, arrays: Arrays) -> Iterator[Chunk]:
        """Yield the encoded chunks of a tile, always in the same order.

        The arrays may be reused after the last chunk was yielded.
        """
        tasks = [
            (quantity, arrays[quantity.name], tile, where)
            for quantity in self._plan.quantities
            for where in self._grid.chunks(tile)
        ]
        return self._pool.map(lambda task: self._chunk(*task), tasks)

    def _chunk(
        self, quantity: MapQuantity, array: Array, tile: Tile, where: tuple[slice, ...]
    ) -> Chunk:
        offset = corner(where)
        starts = zip(where, tile.start, strict=True)
        block = array[tuple(slice(s.start - a, s.stop - a) for s, a in starts)]
        buffers = self._buffers(self._plan.dtype_of(quantity))
        chunk = buffers[0]
        if block.shape != chunk.shape:
            chunk.fill(fill_of(chunk.dtype))
        inside = chunk[tuple(slice(n) for n in block.shape)]
        np.copyto(inside, block)
        statistics = statistics_of(quantity, chunk, offset, self._grid.shape)
        data = self._encode(buffers)
        return Chunk(quantity, offset, data, statistics, crc32(data))

    def _buffers(self, dtype: np.dtype[Any]) -> Buffers:
        """Return the buffers of this thread for a dtype, allocated once."""
        buffers: dict[str, Buffers] = self._local.__dict__
        if dtype.name not in buffers:
            chunk = np.empty(self._grid.chunk_shape, dtype)
            planes = np.empty((dtype.itemsize, chunk.size), np.uint8)
            buffers[dtype.name] = chunk, planes
        return buffers[dtype.name]


def _deflated(buffers: Buffers) -> bytes:
    chunk, planes = buffers
    words = chunk.reshape(-1).view(f"i{chunk.itemsize}")
    shuffle(words, planes)
    return pack(planes)


def _plain(buffers: Buffers) -> bytes:
    return buffers[0].tobytes()
