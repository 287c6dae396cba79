"""An iteration beside the modes that it decouples into, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..typing import Floats
from .ensemble import Ensemble, Recurrences


@dataclass(frozen=True, eq=False)
class Modes:
    """What an iteration decouples into: w = rotation @ (amplitudes · w_modes) [Eq. 14].

    Attributes
    ----------
    k : (m,) curvatures
    amplitudes : (m,) of w_0 − w* in each mode
    rotation : (n, m) a column for each mode
    """

    k: Floats
    amplitudes: Floats
    rotation: Floats


@dataclass(frozen=True)
class Comparison:
    """An iteration beside the modes that it is to decouple into.

    Attributes
    ----------
    steps : iterations that were compared
    difference : the largest |w − w of the modes|, over the larger of |w of the modes|
        and the limit
    settled : the first step from which on |w| is within the limit, of the iteration and
        of the modes; −1 where it is above at the last step
    peaks : the largest |w| of either
    left : whether one left the range that was given
    """

    steps: int
    difference: float
    settled: tuple[int, int]
    peaks: tuple[float, float]
    left: bool


def compare(
    coupled: Iterator[Floats],
    modes: Modes,
    decoupled: Recurrences,
    limit: float,
    steps: int,
    *,
    enough: float,
    most: float = np.inf,
    threads: int | None = None,
) -> Comparison:
    """Run an iteration beside its modes until both are small, or one is lost.

    Parameters
    ----------
    coupled : yields w_0, w_1, …
    modes : what w decouples into
    decoupled : what moves the modes by one step
    limit : |w| that counts as settled
    steps : iterations at most
    enough : of the limit, where the comparison ends
    most : |w| from which on an iteration is lost
    threads : as for `sweep`; they change no bit
    """
    ensemble = Ensemble(modes.k.size, threads)
    worst, last, peaks, left, t = 0.0, np.array([-1, -1]), np.zeros(2), False, -1
    with np.errstate(all="ignore"):
        for w in coupled:
            t += 1
            ensemble.advance(decoupled, 1 if t else 0)
            other = modes.rotation @ (modes.amplitudes * ensemble.w)
            norms = np.linalg.norm([w, other], axis=1)
            last[~(norms <= limit)] = t
            peaks = np.fmax(peaks, norms)
            left = not norms.max() < most
            if left:
                break
            worst = max(worst, float(np.linalg.norm(w - other) / max(norms[1], limit)))
            if t == steps or norms.max() <= enough * limit:
                break
    first, second = (int(at) + 1 if at < t else -1 for at in last)
    highest = float(peaks[0]), float(peaks[1])
    return Comparison(t, worst, (first, second), highest, left)
