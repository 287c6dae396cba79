"""Numbers of modes, and eigenvalues that are equal to rounding."""

import numpy as np
import numpy.typing as npt

from ..typing import Floats


def count_text(number: float, is_estimated: bool) -> str:
    """Return a number of modes as text, rounded and with «about» if it is estimated."""
    if not is_estimated:
        return f"{number:.10g}"
    if 0.0 < number < 0.5:
        return "fewer than 1"
    return f"about {number:.0f}" if number else "0"


def group_starts(k: Floats, rounding: float) -> npt.NDArray[np.intp]:
    """Return where groups of increasing k begin that each span at most `rounding`."""
    starts = [0]
    while starts[-1] < k.size:
        end = k[starts[-1]] + rounding
        starts.append(int(np.searchsorted(k, end, side="right")))
    return np.array(starts[:-1])


def repeated(k: Floats, weights: Floats, rounding: float) -> list[tuple[float, int]]:
    """Return (k, multiplicity) of repeated eigenvalues, most frequent first."""
    starts = group_starts(k, rounding)
    counts = np.add.reduceat(weights, starts)
    pairs = zip(k[starts].tolist(), counts.tolist(), strict=True)
    several = [(value, int(count)) for value, count in pairs if count > 1]
    return sorted(several, key=lambda pair: -pair[1])
