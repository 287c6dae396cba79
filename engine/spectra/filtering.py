"""What remains of a spectrum when zero and negative modes are treated."""

import numpy as np
import numpy.typing as npt

from ..typing import Floats


def none_positive(k: Floats, limit: float) -> str:
    """Return why no mode of k remains, with |k| ≤ limit for zero modes."""
    if np.all(np.abs(k) <= limit):
        return f"all modes are zero, |k| ≤ {limit:.6g}; none is positive"
    return "no mode is positive"


def with_both_sides(
    turned: npt.NDArray[np.bool_],
    zeros: npt.NDArray[np.bool_],
    k: Floats,
    residuals: Floats,
    **_others: Floats,
) -> Floats:
    """Return the residuals with negative modes turned to positive.

    That of the smallest k has to reach as far down as those of both sides.
    """
    sides = [np.flatnonzero(side) for side in (turned, ~turned & ~zeros)]
    ends = [side[np.argmin(k[side])] for side in sides if side.size]
    smallest = min(ends, key=lambda end: float(k[end]))
    reach = max(0.0, float(min(k[end] - residuals[end] for end in ends)))
    residuals = residuals.copy()
    residuals[smallest] = max(residuals[smallest], k[smallest] - reach)
    return residuals
