"""Axes, the grid that is their product, and the tiles that it is computed in."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .axis import Axis

CHUNK_POINTS = 2**17
LEAST_POINTS = 2**10
TILE_POINTS = 2**21
MAX_TILES = 2**16


@dataclass(frozen=True)
class Tile:
    """A block of a grid, the unit of computing.

    Attributes
    ----------
    index : position in the grid's order of tiles
    start, stop : for each dimension, the first index and the one after the last
    """

    index: int
    start: tuple[int, ...]
    stop: tuple[int, ...]

    @property
    def slices(self) -> tuple[slice, ...]:
        """Return the block as an index into an array of the grid's shape."""
        return tuple(slice(a, b) for a, b in zip(self.start, self.stop, strict=True))

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the lengths of the block."""
        return tuple(b - a for a, b in zip(self.start, self.stop, strict=True))

    @property
    def size(self) -> int:
        """Return the number of points."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Grid:
    """The product of named axes, cut into chunks and tiles.

    Chunks are what a file stores; a tile is a whole number of chunks. Both follow
    from the shape alone, so that every run of a plan cuts the grid alike.

    Parameters
    ----------
    axes : name → Axis, in the order of the dimensions
    tile_points : points that a tile has at most, if a chunk is not larger
    finer : so many times fewer points in chunks and tiles, where a point takes long
    """

    axes: Mapping[str, Axis]
    tile_points: int = TILE_POINTS
    finer: int = 1

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Return the number of values on each axis."""
        return tuple(len(axis) for axis in self.axes.values())

    @cached_property
    def size(self) -> int:
        """Return the number of points."""
        return math.prod(self.shape)

    @cached_property
    def chunk_shape(self) -> tuple[int, ...]:
        """Return the block that is stored at once: a balanced image over the last two.

        A viewer shows images at one k; a user looks along lines. Both are served by
        chunks of about a MiB whose last two sides are alike.
        """
        *outer, last = self.shape
        points = max(CHUNK_POINTS // self.finer, min(CHUNK_POINTS, LEAST_POINTS))
        longest = max(math.isqrt(points), points // math.prod(outer[-1:]))
        row = -(-last // -(-last // longest))
        return (*_fill((1,) * len(outer), tuple(outer), points // row), row)

    @cached_property
    def tile_shape(self) -> tuple[int, ...]:
        """Return the lengths of a tile that is not cut by the grid's edge."""
        points = max(self.tile_points // self.finer, -(-self.size // MAX_TILES))
        return _fill(self.chunk_shape, self.shape, points)

    @cached_property
    def n_tiles(self) -> int:
        """Return the number of tiles."""
        return math.prod(self._tiles_along)

    @cached_property
    def _tiles_along(self) -> tuple[int, ...]:
        return tuple(
            -(-n // t) for n, t in zip(self.shape, self.tile_shape, strict=True)
        )

    def tile(self, index: int) -> Tile:
        """Return the tile at a position of the row-major order."""
        at = [int(i) for i in np.unravel_index(index, self._tiles_along)]
        start = tuple(i * t for i, t in zip(at, self.tile_shape, strict=True))
        ends = (a + t for a, t in zip(start, self.tile_shape, strict=True))
        stop = tuple(min(b, n) for b, n in zip(ends, self.shape, strict=True))
        return Tile(index, start, stop)

    def chunks(self, tile: Tile) -> Iterator[tuple[slice, ...]]:
        """Yield a tile's chunks as slices into the grid, in row-major order."""
        sides = zip(tile.start, tile.stop, self.chunk_shape, strict=True)
        for corner in itertools.product(*(range(*side) for side in sides)):
            stops = zip(corner, self.chunk_shape, tile.stop, strict=True)
            ends = (min(a + c, b) for a, c, b in stops)
            yield tuple(slice(a, b) for a, b in zip(corner, ends, strict=True))


def _fill(
    block: tuple[int, ...], shape: tuple[int, ...], points: int
) -> tuple[int, ...]:
    """Grow a block by whole multiples, last dimension first, in equal shares."""
    grown = list(block)
    for i in reversed(range(len(shape))):
        needed = -(-shape[i] // grown[i])
        times = min(max(points // math.prod(grown), 1), needed)
        times = -(-needed // -(-needed // times))
        grown[i] = min(grown[i] * times, shape[i])
        if grown[i] < shape[i]:
            break
    return tuple(grown)
