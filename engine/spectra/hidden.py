"""Where eigenvalues may be that Lanczos runs have not found.

A small residual says that an eigenvalue is near, not that none is beyond. With the
polynomials p_j that are orthonormal for a run, which its α and β give, no measure that
agrees with the run has more than 1/Σ_j p_j(x)² of its mass at x (Chebyshev, Markov and
Stieltjes). A random start has at least some mass in each eigenvector. Hence there is no
eigenvalue where the runs leave less, except with a small probability (van Dorsselaer,
Hochstenbach and van der Vorst 2000). The bound of Kuczyński and Woźniakowski (1992) is
the same with Chebyshev polynomials, which do not know the run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..typing import Floats
from .lanczos import Ritz
from .nodes import Nodes

# probability that an eigenvalue is missed
_MISSED = 1e-6
# places that are tried in a decade of distances
_PER_DECADE = 25


class Excluded(NamedTuple):
    """Where other evidence excludes further eigenvalues.

    Attributes
    ----------
    low, high : none between these
    above : none above this
    """

    low: float = 0.0
    high: float = 0.0
    above: float = math.inf


def largest_mass(run: Ritz, x: Floats) -> Floats:
    """Return the largest share of the start vector in an eigenvector at x, (len(x),).

    It is 1/Σ p_j(x)² for j = 0 … m, with β_j p_{j+1} = (x − α_j) p_j − β_{j−1} p_{j−1}.
    """
    before, current = np.zeros_like(x), np.ones_like(x)
    total, scale, beta = np.ones_like(x), np.zeros_like(x), 0.0
    for a, b in zip(run.alpha, run.beta, strict=True):
        before, current = current, ((x - a) * current - beta * before) / b
        beta = float(b)
        size = np.maximum(1.0, np.abs(current))  # p_j may overflow
        before, current, total = before / size, current / size, total / size / size
        total, scale = total + current**2, scale + np.log(size)
    return np.exp(-2.0 * scale) / total


def least_mass(runs: int, n: int) -> float:
    """Return the share that random starts together have in each eigenvector.

    The sum of the squared components of `runs` random unit vectors is about χ²/n. It is
    less than the result with probability `_MISSED`.
    """
    half = runs / 2.0
    log = (math.log(_MISSED) + math.lgamma(half + 1.0)) / half + math.log(2.0)
    return math.exp(log) / (2.0 * n)  # |b|² of a Gaussian vector is below 2n


def with_reach(
    nodes: Nodes,
    runs: Sequence[Ritz],
    n: int,
    tolerance: float,
    error: float,
    excluded: Excluded,
) -> Nodes:
    """Return the nodes with residuals that reach to what may be hidden.

    These are the residuals of the smallest and the largest node, and of those next to
    the zero modes: no eigenvalue lies beyond them, except with a small probability.

    Parameters
    ----------
    nodes : with residuals
    runs : from independent random starts; without one, anything may be hidden
    n : size of the matrix
    tolerance : |k| up to which a mode is zero
    error : of the eigenvalues that the runs see
    excluded : what else is known
    """
    k, residuals = nodes.k, np.array(nodes.residuals)
    scale = float(np.abs(k).max())
    for i, stop in _ends(k, tolerance, 1e6 * scale):
        x = _places(float(k[i]), stop, max(tolerance, 1e-18 * scale))
        known = ((x > excluded.low) & (x < excluded.high)) | (x > excluded.above)
        unknown = ~known
        if runs:
            mass = sum(largest_mass(run, x) for run in runs)
            unknown &= mass >= least_mass(len(runs), n)
        reach = float(np.abs(x[unknown] - k[i]).max(initial=0.0))
        residuals[i] = max(residuals[i], reach + (0.0 if known.all() else error))
    return nodes._replace(residuals=residuals)


def _ends(k: Floats, tolerance: float, far: float) -> list[tuple[int, float]]:
    """Return (index of a node, where the places beyond it end)."""
    ends = [(0, -far), (k.size - 1, far)]
    positive, negative = np.flatnonzero(k > tolerance), np.flatnonzero(k < -tolerance)
    if positive.size and positive[0] > 0:
        ends.append((int(positive[0]), tolerance))
    if negative.size and negative[-1] < k.size - 1:
        ends.append((int(negative[-1]), -tolerance))
    return ends


def _places(node: float, stop: float, least: float) -> Floats:
    """Return places from a node to `stop`, dense at both ends."""
    distance = abs(stop - node)
    if not distance > least > 0.0:
        return np.array([stop])
    number = _PER_DECADE * math.ceil(math.log10(distance / least)) + 2
    steps = np.geomspace(least, distance, number)
    sign = math.copysign(1.0, stop - node)
    return np.concatenate([node + sign * steps, stop - sign * steps[:-1]])
