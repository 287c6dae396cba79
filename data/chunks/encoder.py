"""Chunks as HDF5 stores them, made outside HDF5, whose own filters use one core.

A chunk is shuffled and deflated here, in a pool of threads, and stored as it is. The
bytes are those of HDF5's built-in filters, so that every reader reads them.
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

from .deflate import crc32, pack, shuffle
from .statistics import Statistics, fill_of, statistics_of

Array = npt.NDArray[Any]
Buffers = tuple[Array, Array]


class Chunk(NamedTuple):
    """A chunk ready to be stored.

    Attributes
    ----------
    quantity : whose it is
    offset : its first index in each dimension of the grid
    data : its bytes as they stand in the file
    statistics : of its points inside the grid
    checksum : CRC-32 of the data
    """

    quantity: MapQuantity
    offset: tuple[int, ...]
    data: bytes
    statistics: Statistics
    checksum: int


class ChunkEncoder:
    """Makes chunks of tiles.

    Parameters
    ----------
    plan : what is swept
    compression : whether chunks are shuffled and deflated
    threads : how many chunks are made at a time
    """

    def __init__(self, plan: Plan, compression: bool, threads: int) -> None:
        self._plan = plan
        self._grid: Grid = plan.grid
        self._encode: Callable[[Buffers], bytes] = _deflated if compression else _plain
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="critdamp-chunk")

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def __call__(self, tile: Tile, arrays: Arrays) -> Iterator[Chunk]:
        """Yield the chunks of a tile's arrays, always in the same order.

        The arrays are free to be reused when the last chunk was taken.
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
        corner = tuple(side.start for side in where)
        shift = zip(where, tile.start, strict=True)
        block = array[tuple(slice(s.start - a, s.stop - a) for s, a in shift)]
        buffers = self._buffers(self._plan.dtype_of(quantity))
        whole = buffers[0]
        if block.shape != whole.shape:
            whole.fill(fill_of(whole.dtype))
        inside = whole[tuple(slice(n) for n in block.shape)]
        np.copyto(inside, block)
        found = statistics_of(quantity, whole, corner, self._grid.shape)
        data = self._encode(buffers)
        return Chunk(quantity, corner, data, found, crc32(data))

    def _buffers(self, dtype: np.dtype[Any]) -> Buffers:
        """Return this thread's chunk and its byte planes, made once."""
        made: dict[str, Buffers] = self._local.__dict__
        if dtype.name not in made:
            chunk = np.empty(self._grid.chunk_shape, dtype)
            planes = np.empty((dtype.itemsize, chunk.size), np.uint8)
            made[dtype.name] = chunk, planes
        return made[dtype.name]


def _deflated(buffers: Buffers) -> bytes:
    chunk, planes = buffers
    words = chunk.reshape(-1).view(f"i{chunk.itemsize}")
    shuffle(words, planes)
    return pack(planes)


def _plain(buffers: Buffers) -> bytes:
    return buffers[0].tobytes()
