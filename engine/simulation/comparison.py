"""Comparison of a coupled iteration with its decoupled modes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..typing import Floats
from .ensemble import Ensemble, Recurrences


@dataclass(frozen=True, eq=False)
class Modes:
    """The modes of an iteration: w = rotation @ (amplitudes · w_modes)  [Eq. 14].

    Attributes
    ----------
    k : (m,) curvatures
    amplitudes : (m,) components of w_0 − w* in the modes
    rotation : (n, m) eigenvectors, a column for each mode
    """

    k: Floats
    amplitudes: Floats
    rotation: Floats


@dataclass(frozen=True)
class Comparison:
    """A coupled iteration w compared with v, the w of its modes.

    Attributes
    ----------
    steps : number of iterations compared
    difference : the largest |w − v| / max(|v|, limit)
    settled : smallest t₀ with |w_t| ≤ limit for all t from t₀ to steps, of w and of v;
        −1 if there is none
    peaks : the largest |w| and |v|
    left : whether |w| or |v| reached `most`
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
    """Return the comparison of an iteration with its modes.

    It ends after `steps` iterations, or when one reaches `most`, or when both are below
    enough · limit in two iterations in a row, twice as late as they were above the
    limit for the last time: an oscillation that passes zero has not settled.

    Parameters
    ----------
    coupled : yields w_0, w_1, …
    modes : the decomposition of w
    decoupled : recurrences of the modes, for one step
    limit : |w| that counts as settled
    steps : largest number of iterations
    enough : share of the limit at which the comparison ends
    most : |w| at which an iteration counts as divergent
    threads : number of threads, by default all; the bits do not depend on it
    """
    ensemble = Ensemble(modes.k.size, threads)
    difference, last_above, peaks = 0.0, np.array([-1, -1]), np.zeros(2)
    left, t, was_small = False, -1, False
    with np.errstate(all="ignore"):
        for w in coupled:
            t += 1
            ensemble.advance(decoupled, 1 if t else 0)
            v = modes.rotation @ (modes.amplitudes * ensemble.w)
            norms = np.linalg.norm([w, v], axis=1)
            last_above[~(norms <= limit)] = t
            peaks = np.fmax(peaks, norms)
            left = not norms.max() < most
            if left:
                break
            error = np.linalg.norm(w - v) / max(norms[1], limit)
            difference = max(difference, float(error))
            is_small = bool(norms.max() <= enough * limit)
            late = t > 2 * last_above.max()
            if t == steps or (was_small and is_small and late):
                break
            was_small = is_small
    settled_w, settled_v = (int(i) + 1 if i < t else -1 for i in last_above)
    peak_w, peak_v = map(float, peaks)
    return Comparison(t, difference, (settled_w, settled_v), (peak_w, peak_v), left)
