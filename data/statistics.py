"""What is known of a map without reading it: range, best point, share diverging."""

import math
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from critdamp.engine.quantities import Quantity


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


def statistics_of(
    quantity: Quantity,
    block: npt.NDArray[Any],
    corner: tuple[int, ...],
    shape: tuple[int, ...],
) -> Statistics:
    """Return the statistics of a block that stands at `corner` of a grid."""
    low, high = block.min(), block.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        finite = block[np.isfinite(block)]
        low = finite.min() if finite.size else math.inf
        high = finite.max() if finite.size else -math.inf
    diverging = int(np.count_nonzero(quantity.diverges(block)))
    value, at = _best(quantity, block, corner, shape)
    return Statistics(float(low), float(high), diverging, value, at)


def _best(
    quantity: Quantity,
    block: npt.NDArray[Any],
    corner: tuple[int, ...],
    shape: tuple[int, ...],
) -> tuple[float, int]:
    if quantity.best is None:
        return math.nan, -1
    find = np.argmin if quantity.best == "min" else np.argmax
    at = np.unravel_index(find(block), block.shape)
    if np.isnan(block[at]):
        # argmin and argmax stop at a NaN
        worst = math.inf if quantity.best == "min" else -math.inf
        block = np.where(np.isnan(block), worst, block)
        at = np.unravel_index(find(block), block.shape)
    value = block[at]
    if quantity.diverges(value):
        return math.nan, -1
    place = [int(i) + c for i, c in zip(at, corner, strict=True)]
    return float(value), int(np.ravel_multi_index(place, shape))
