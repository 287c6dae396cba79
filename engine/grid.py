"""Axes, the grid that is their product, and the tiles that it is computed in."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from .errors import InputError
from .reals import real

Scale = Literal["lin", "log", "list"]
Floats = npt.NDArray[np.float64]

CHUNK_POINTS = 2**17
LEAST_POINTS = 2**10
TILE_POINTS = 2**21
MAX_TILES = 2**16
MAX_VALUES = 10**7
_LENGTHS = f"an axis has from 1 to {MAX_VALUES:,}"


@dataclass(frozen=True, eq=False)
class Axis:
    """Sorted values of one parameter.

    Parameters
    ----------
    scale : {"lin", "log", "list"}
        How the values are spaced; it decides how viewers draw the axis.
    values : (n,) float64, finite and strictly increasing, n ≥ 1

    Raises
    ------
    InputError
        The values are empty, not finite, not sorted or not distinct, or not
        positive where the scale is "log".
    """

    scale: Scale
    values: Floats

    def __post_init__(self) -> None:
        """Check and freeze the values."""
        given = real(self.values)
        if given.size > MAX_VALUES:
            raise InputError(f"{given.size} values: {_LENGTHS}")
        with np.errstate(all="ignore"):  # wider numbers may become infinite
            values = np.array(given, dtype=np.float64)
        _check_values(values, self.scale)
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    @classmethod
    def lin(cls, start: float, stop: float, num: int) -> Axis:
        """Return `num` values from start to stop with equal differences."""
        return cls._spaced("lin", start, stop, num)

    @classmethod
    def log(cls, start: float, stop: float, num: int) -> Axis:
        """Return `num` values from start to stop with equal ratios, start > 0."""
        return cls._spaced("log", start, stop, num)

    @classmethod
    def of(cls, values: Axis | float | Sequence[float] | Floats) -> Axis:
        """Return an axis as it is, or make one that lists the given values."""
        if isinstance(values, Axis):
            return values
        return cls("list", np.atleast_1d(values))

    @classmethod
    def _spaced(cls, scale: Scale, start: float, stop: float, num: int) -> Axis:
        if not 1 <= num <= MAX_VALUES:
            raise InputError(f"{num} values: {_LENGTHS}")
        if num == 1 and start != stop:
            raise InputError(f"1 value cannot reach from {start!r} to {stop!r}")
        if not (math.isfinite(start) and math.isfinite(stop)):
            raise InputError(f"{start!r} to {stop!r}: the ends must be finite")
        if scale == "log" and min(start, stop) <= 0:
            raise InputError(f"{min(start, stop)!r}: a log axis has positive values")
        space = np.geomspace if scale == "log" else np.linspace
        with np.errstate(all="ignore"):  # what overflows is refused as not finite
            return cls(scale, space(start, stop, num))

    def __len__(self) -> int:
        """Return the number of values."""
        return self.values.size

    def __eq__(self, other: object) -> bool:
        """Axes are equal if scale and every bit of the values are."""
        return (
            isinstance(other, Axis)
            and self.scale == other.scale
            and self.values.tobytes() == other.values.tobytes()
        )

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash((self.scale, self.values.tobytes()))

    def __str__(self) -> str:
        """Describe the axis in the words of the command line."""
        if len(self) <= 3 and self.scale == "list":
            return ",".join(f"{v:.17g}" for v in self.values)
        first, last = self.values[0], self.values[-1]
        return f"{self.scale}:{first:.17g}:{last:.17g}:{len(self)}"

    def nearest(self, value: float) -> int:
        """Return the index of the value nearest to the given one."""
        above = int(np.searchsorted(self.values, value))
        near = range(max(above - 1, 0), min(above + 1, len(self)))
        return min(near, key=lambda i: abs(float(self.values[i]) - value))


def _check_values(values: Floats, scale: str) -> None:
    if scale not in ("lin", "log", "list"):
        raise InputError(f"scale {scale!r}: choose lin, log or list")
    if values.ndim != 1 or values.size == 0:
        raise InputError(f"shape {values.shape}: an axis is a list of at least 1 value")
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise InputError(f"value {bad[0]} is {values[bad[0]]}: values must be finite")
    bad = np.flatnonzero(np.diff(values) <= 0)
    if bad.size:
        first, second = values[bad[0]], values[bad[0] + 1]
        raise InputError(
            f"{second:.17g} follows {first:.17g}: values must increase, each only once"
        )
    if scale == "log" and values[0] <= 0:
        raise InputError(f"{values[0]:.17g}: a log axis has positive values")


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
