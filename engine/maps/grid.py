"""The grid, the product of the axes, and its division into tiles and chunks."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .axis import Axis

# points of a chunk: 1 MiB of doubles; fewer where a point is expensive
CHUNK_POINTS = 2**17
LEAST_POINTS = 2**10
TILE_POINTS = 2**21
MAX_TILES, SMALL_TILES = 2**16, 2**12


@dataclass(frozen=True)
class Tile:
    """A block of a grid, the unit of computing.

    Attributes
    ----------
    index : position in the row-major order of the tiles
    start, stop : (dimensions,) first index and the index after the last
    """

    index: int
    start: tuple[int, ...]
    stop: tuple[int, ...]

    @property
    def slices(self) -> tuple[slice, ...]:
        """Return the tile as an index into an array of the shape of the grid."""
        return tuple(slice(a, b) for a, b in zip(self.start, self.stop, strict=True))

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the number of points along each dimension."""
        return tuple(b - a for a, b in zip(self.start, self.stop, strict=True))

    @property
    def size(self) -> int:
        """Return the number of points."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Grid:
    """The product of named axes, divided into chunks and tiles.

    A chunk is the unit of storage; a tile is a whole number of chunks. Both depend on
    the shape, `finer` and `small_tiles` only, so that a plan always gives the same.

    Parameters
    ----------
    axes : name → Axis, in the order of the dimensions
    tile_points : largest number of points in a tile, unless a chunk is larger
    finer : ≥ 1, divides the points of chunks and tiles where a point is expensive
    small_tiles : whether a tile is one chunk, unless these are more than `SMALL_TILES`
    """

    axes: Mapping[str, Axis]
    tile_points: int = TILE_POINTS
    finer: int = 1
    small_tiles: bool = False

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
        """Return the shape of a chunk.

        Viewers read images at one k, and programs read lines along one axis. Chunks of
        about 1 MiB with nearly equal last two sides are fast for both.
        """
        *outer, last = self.shape
        points = max(CHUNK_POINTS // self.finer, min(CHUNK_POINTS, LEAST_POINTS))
        longest = max(math.isqrt(points), points // math.prod(outer[-1:]))
        row = -(-last // -(-last // longest))
        return (*_fill((1,) * len(outer), tuple(outer), points // row), row)

    @cached_property
    def tile_shape(self) -> tuple[int, ...]:
        """Return the shape of a tile; the last tiles of an axis may be smaller."""
        points, most = self.tile_points // self.finer, MAX_TILES
        if self.small_tiles:
            points, most = min(points, math.prod(self.chunk_shape)), SMALL_TILES
        points = max(points, -(-self.size // most))
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
        """Return the tile at a position in the row-major order."""
        indices = [int(i) for i in np.unravel_index(index, self._tiles_along)]
        start = tuple(i * t for i, t in zip(indices, self.tile_shape, strict=True))
        ends = (a + t for a, t in zip(start, self.tile_shape, strict=True))
        stop = tuple(min(b, n) for b, n in zip(ends, self.shape, strict=True))
        return Tile(index, start, stop)

    def chunks(self, tile: Tile) -> Iterator[tuple[slice, ...]]:
        """Yield the chunks of a tile as slices into the grid, in row-major order."""
        sides = zip(tile.start, tile.stop, self.chunk_shape, strict=True)
        for corner in itertools.product(*(range(*side) for side in sides)):
            stops = zip(corner, self.chunk_shape, tile.stop, strict=True)
            ends = (min(a + c, b) for a, c, b in stops)
            yield tuple(slice(a, b) for a, b in zip(corner, ends, strict=True))


def _fill(
    block: tuple[int, ...], shape: tuple[int, ...], points: int
) -> tuple[int, ...]:
    """Return the block enlarged by whole factors to at most `points`, last side first.

    A side is divided into equal multiples of the block, up to rounding.
    """
    grown = list(block)
    for i in reversed(range(len(shape))):
        needed = -(-shape[i] // grown[i])
        factor = min(max(points // math.prod(grown), 1), needed)
        factor = -(-needed // -(-needed // factor))
        grown[i] = min(grown[i] * factor, shape[i])
        if grown[i] < shape[i]:
            break
    return tuple(grown)
