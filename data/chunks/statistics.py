"""Statistics of chunks and maps: range, best point, number of diverging points."""

import math
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from critdamp.engine.arithmetic.jit import jit
from critdamp.engine.backends.compile import cached
from critdamp.engine.quantities.quantity import NOT_COMPUTED, MapQuantity

_MAX = np.int64(2**63 - 1)
# points that are examined at a time
_BLOCK = 2048


@dataclass(frozen=True)
class Statistics:
    """Statistics of a block of a map; merging blocks gives the same in any order.

    Attributes
    ----------
    minimum, maximum : range of the finite values; +inf and -inf if there are none
    diverging : number of points that do not converge
    best_value, best_at : best value of the converging points, and its flat index in
        the grid (row-major, the first of equal values); NaN and -1 if there is none
    """

    minimum: float = math.inf
    maximum: float = -math.inf
    diverging: int = 0
    best_value: float = math.nan
    best_at: int = -1

    def merged(self, other: "Statistics", best: str | None) -> "Statistics":
        """Return the statistics of the union of two blocks.

        Parameters
        ----------
        other : statistics of the other block
        best : "min", "max", or None if the quantity has no best value
        """
        sign = -1.0 if best == "max" else 1.0
        with_best = [s for s in (self, other) if s.best_at >= 0]
        first = min(
            with_best, key=lambda s: (sign * s.best_value, s.best_at), default=self
        )
        return Statistics(
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            self.diverging + other.diverging,
            first.best_value,
            first.best_at,
        )

    def to_row(self) -> tuple[float, ...]:
        """Return the five numbers as floats (exact up to 2⁵³ points)."""
        return tuple(float(value) for value in astuple(self))

    @classmethod
    def from_row(cls, row: npt.NDArray[np.float64]) -> "Statistics":
        """Return the statistics from a row of `to_row`."""
        low, high, diverging, best_value, best_at = row.tolist()
        return cls(low, high, int(diverging), best_value, int(best_at))


def fill_of(dtype: np.dtype[Any]) -> Any:
    """Return the fill value of a dtype, which marks points as not computed."""
    return dtype.type(np.nan) if dtype.kind == "f" else dtype.type(NOT_COMPUTED)


def statistics_of(
    quantity: MapQuantity,
    chunk: npt.NDArray[Any],
    corner: tuple[int, ...],
    shape: tuple[int, ...],
) -> Statistics:
    """Return the statistics of a chunk.

    Fill values, as beyond the edge of the grid, are ignored.

    Parameters
    ----------
    quantity : quantity of the map
    chunk : values of a full chunk
    corner : first index of the chunk in each dimension of the grid
    shape : shape of the grid
    """
    sign = -1.0 if quantity.best == "max" else 1.0
    out = np.empty(5)
    least, most = map(float, quantity.converges)
    fill = float(fill_of(chunk.dtype))
    _examine(chunk.reshape(-1), fill, least, most, sign, out)
    low, high, diverging, best_value, best_in_chunk = out.tolist()
    if quantity.best is None or best_in_chunk < 0:
        return Statistics(low, high, int(diverging))
    in_chunk = np.unravel_index(int(best_in_chunk), chunk.shape)
    in_grid = [int(i) + c for i, c in zip(in_chunk, corner, strict=True)]
    best_at = int(np.ravel_multi_index(in_grid, shape))
    return Statistics(low, high, int(diverging), best_value, best_at)


@jit
def _ordered(value):
    """Return a double as an integer key with the order of the doubles."""
    bits = np.float64(value).view(np.int64)
    return bits ^ ((bits >> np.int64(63)) & _MAX)


@jit
def _value(ordered):
    """Return the double of an integer key; the inverse of `_ordered`."""
    bits = ordered ^ ((ordered >> np.int64(63)) & _MAX)
    return np.int64(bits).view(np.float64)


@jit
def _of_block(values, fill, least, most, sign):
    """Return minimum, maximum and best as integer keys, and the diverging count.

    Minima of integers are vectorised by the compiler, those of doubles are not.
    """
    low, high, best = _ordered(np.inf), _ordered(-np.inf), _MAX
    diverging = np.int64(0)
    for i in range(values.size):
        value = np.float64(values[i])
        value = np.float64(np.nan) if value == fill else value
        key = _ordered(value)
        rank = _ordered(sign * value)
        finite = abs(value) < np.inf
        converges = (least <= value) & (value <= most)
        low = min(low, key if finite else _MAX)
        high = max(high, key if finite else -_MAX)
        best = min(best, rank if converges else _MAX)
        diverging += np.int64((value == value) & (not converges))
    return low, high, best, diverging


@cached
def _examine(values, fill, least, most, sign, out):
    """Write minimum, maximum, diverging count, best value and its index to `out` (5,).

    The index is −1 without a best value. Only the block of the best is searched for it.
    """
    low, high, best = _ordered(np.inf), _ordered(-np.inf), _MAX
    diverging, best_start = np.int64(0), 0
    for start in range(0, values.size, _BLOCK):
        block = values[start : start + _BLOCK]
        lowest, highest, rank, count = _of_block(block, fill, least, most, sign)
        low, high, diverging = min(low, lowest), max(high, highest), diverging + count
        if rank < best:
            best, best_start = rank, start
    out[0], out[1], out[2], out[4] = _value(low), _value(high), diverging, -1.0
    out[3] = sign * _value(best)
    for i in range(best_start, values.size if best != _MAX else 0):
        if _ordered(sign * np.float64(values[i])) == best:
            out[4] = i
            break
