"""What is known of a map without reading it: range, best point, share diverging."""

import math
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from critdamp.engine.arithmetic.jit import jit
from critdamp.engine.backends.compile import cached
from critdamp.engine.quantities.quantity import NOT_COMPUTED, MapQuantity

_ALL = np.int64(2**63 - 1)
_BLOCK = 2048


@dataclass(frozen=True)
class Statistics:
    """Of a block of a map; blocks add up to the map, in any order, to the same.

    Attributes
    ----------
    minimum, maximum : of the finite values, +inf and -inf if there is none
    diverging : points that do not converge
    best_value, best_at : the best among the others, and its place in the grid's
        row-major order, the first of equals; NaN and -1 if there is none
    """

    minimum: float = math.inf
    maximum: float = -math.inf
    diverging: int = 0
    best_value: float = math.nan
    best_at: int = -1

    def merged(self, other: "Statistics", best: str | None) -> "Statistics":
        """Return the statistics of both blocks together."""
        sign = -1.0 if best == "max" else 1.0
        found = [s for s in (self, other) if s.best_at >= 0]
        first = min(found, key=lambda s: (sign * s.best_value, s.best_at), default=self)
        return Statistics(
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            self.diverging + other.diverging,
            first.best_value,
            first.best_at,
        )

    def to_row(self) -> tuple[float, ...]:
        """Return the numbers, to be kept as float64 (exact up to 2⁵³ points)."""
        return tuple(float(value) for value in astuple(self))

    @classmethod
    def from_row(cls, row: npt.NDArray[np.float64]) -> "Statistics":
        """Return what `to_row` made a row of."""
        low, high, diverging, value, at = row.tolist()
        return cls(low, high, int(diverging), value, int(at))


def fill_of(dtype: np.dtype[Any]) -> Any:
    """Return the value that stands where nothing was computed."""
    return dtype.type(np.nan) if dtype.kind == "f" else dtype.type(NOT_COMPUTED)


def statistics_of(
    quantity: MapQuantity,
    chunk: npt.NDArray[Any],
    corner: tuple[int, ...],
    shape: tuple[int, ...],
) -> Statistics:
    """Return the statistics of a chunk that stands at `corner` of a grid of a shape.

    What stands for «not computed», as beyond the grid's edge, counts nowhere.
    """
    sign = -1.0 if quantity.best == "max" else 1.0
    found = np.empty(5)
    least, most = map(float, quantity.converges)
    fill = float(fill_of(chunk.dtype))
    _examine(chunk.reshape(-1), fill, least, most, sign, found)
    low, high, diverging, value, at = found.tolist()
    if quantity.best is None or at < 0:
        return Statistics(low, high, int(diverging))
    place = np.unravel_index(int(at), chunk.shape)
    inside = [int(i) + c for i, c in zip(place, corner, strict=True)]
    best_at = int(np.ravel_multi_index(inside, shape))
    return Statistics(low, high, int(diverging), value, best_at)


@jit
def _ordered(value):
    """Return the bits of a double as a whole number, in the order of the doubles."""
    bits = np.float64(value).view(np.int64)
    return bits ^ ((bits >> np.int64(63)) & _ALL)


@jit
def _value(ordered):
    """Return the double that `_ordered` made a whole number of."""
    bits = ordered ^ ((ordered >> np.int64(63)) & _ALL)
    return np.int64(bits).view(np.float64)


@jit
def _of_block(values, fill, least, most, sign):
    """Return minimum, maximum and best, as ordered numbers, and how many diverge.

    Minima of whole numbers become vector code, those of doubles do not.
    """
    low, high, best = _ordered(np.inf), _ordered(-np.inf), _ALL
    diverging = np.int64(0)
    for i in range(values.size):
        value = np.float64(values[i])
        value = np.float64(np.nan) if value == fill else value
        place = _ordered(value)
        rank = _ordered(sign * value)
        finite = abs(value) < np.inf
        converges = (least <= value) & (value <= most)
        low = min(low, place if finite else _ALL)
        high = max(high, place if finite else -_ALL)
        best = min(best, rank if converges else _ALL)
        diverging += np.int64((value == value) & (not converges))
    return low, high, best, diverging


@cached
def _examine(values, fill, least, most, sign, found):
    """Write minimum, maximum, diverging, the best value and its place, −1 if none.

    The place is looked for only in the block that holds the best.
    """
    low, high, best = _ordered(np.inf), _ordered(-np.inf), _ALL
    diverging, best_start = np.int64(0), 0
    for start in range(0, values.size, _BLOCK):
        block = values[start : start + _BLOCK]
        lowest, highest, rank, count = _of_block(block, fill, least, most, sign)
        low, high, diverging = min(low, lowest), max(high, highest), diverging + count
        if rank < best:
            best, best_start = rank, start
    found[0], found[1], found[2], found[4] = _value(low), _value(high), diverging, -1.0
    found[3] = sign * _value(best)
    for i in range(best_start, values.size if best != _ALL else 0):
        if _ordered(sign * np.float64(values[i])) == best:
            found[4] = i
            break
