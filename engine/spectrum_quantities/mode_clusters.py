"""Clusters of modes of like curvature, and quadrature nodes that stand for each.

w_t² is a polynomial in k. Over a cluster from m − h to m + h, Gauss quadrature with q
nodes errs by at most 4·mass·M·R^(−2q)/(1 − 1/R), where M bounds |w_t(z)|² on the
ellipse around the cluster that reaches to m ± h(R + 1/R)/2 (Trefethen 2013, theorem
8.2). There T and D move by known amounts, and so do the roots: |λ| ≤ r + s where s²,
s|λ₁ − λ₂|/2 and, for real roots of one sign, s|λ₁ − λ₂| are at most |ΔT|(r + s) + |ΔD|.
With it |w_t(z)| ≤ (r + s)^(t−1)·K·(|w_1| + 1), where K bounds |λ₁ᵗ − λ₂ᵗ|/|λ₁ − λ₂|
over (r + s)^(t−1).
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..arithmetic.jit import jit
from ..spectra.lanczos import lanczos
from ..typing import Floats
from .mode_bounds import ONE_MINUS_R2, D, G, W

NODES = 12
# half of a cluster's width over its middle
_WIDTH = 1.0 / 32.0
# the ellipse, and how far it reaches in halves of the width
_ELLIPSE = 16.0
_REACH = 0.5 * (_ELLIPSE + 1.0 / _ELLIPSE)
_ERROR = 4.0 * _ELLIPSE ** (-2.0 * NODES) / (1.0 - 1.0 / _ELLIPSE)
# of the level, in all clusters together: what may be left out, and what nodes may err
LEFT_OUT = 2.0**-60
MAY_ERR = 2.0**-44


class Clusters(NamedTuple):
    """Clusters of the modes of a spectrum, in order.

    Attributes
    ----------
    starts : (n + 1,) first mode of each cluster, and one behind the last
    middle : (3, n) the least, the middle and the largest k
    mean : (2, n) mean k and mass
    nodes, coefficients : (n, NODES) of the quadrature; none, all 0, where modes are few
    """

    starts: npt.NDArray[np.int64]
    middle: Floats
    mean: Floats
    nodes: Floats
    coefficients: Floats


def no_clusters() -> Clusters:
    """Return no cluster: every mode stands for itself."""
    empty = np.zeros((0, NODES))
    return Clusters(np.zeros(1, np.int64), empty[:, :3].T, empty[:, :2].T, empty, empty)


def clusters_of(k: Floats, coefficients: Floats) -> Clusters:
    """Return the clusters of positive, increasing curvatures with coefficients."""
    starts = np.array([*_cuts(k, 0, k.size), k.size], dtype=np.int64)
    first, last = k[starts[:-1]], k[starts[1:] - 1]
    middle = np.ascontiguousarray([first, 0.5 * (first + last), last])
    mass = np.add.reduceat(coefficients, starts[:-1])
    mean = np.add.reduceat(coefficients * k, starts[:-1]) / mass
    rules = [_rule(k[a:b], coefficients[a:b]) for a, b in itertools.pairwise(starts)]
    nodes, weights = (np.ascontiguousarray(part) for part in zip(*rules, strict=True))
    return Clusters(starts, middle, np.ascontiguousarray([mean, mass]), nodes, weights)


def _cuts(k: Floats, start: int, stop: int) -> list[int]:
    """Return where clusters begin: halves, by their ratio, until they are narrow."""
    low, high = k[start], k[stop - 1]
    if stop - start <= 2 * NODES or high - low <= _WIDTH * (high + low):
        return [start]
    half = start + int(np.searchsorted(k[start:stop], math.sqrt(low) * math.sqrt(high)))
    half = min(max(half, start + 1), stop - 1)
    return _cuts(k, start, half) + _cuts(k, half, stop)


def _rule(k: Floats, coefficients: Floats) -> tuple[Floats, Floats]:
    """Return nodes and weights of the Gauss quadrature of a cluster."""
    if k.size <= 2 * NODES:
        return np.zeros(NODES), np.zeros(NODES)
    middle, half = 0.5 * (k[0] + k[-1]), 0.5 * (k[-1] - k[0])
    x, mass = (k - middle) / half, coefficients.sum()
    start = np.sqrt(coefficients / mass)
    ritz = lanczos(lambda v: x * v, start, NODES, np.empty((0, k.size)))
    if ritz.values.size < NODES:  # fewer modes count than there are nodes
        return np.zeros(NODES), np.zeros(NODES)
    return middle + half * ritz.values, mass * ritz.weights


@jit
def is_dead(first, last, mass, t, level):
    """Return what a cluster adds from t on at most, inf where that is too much.

    From t = 1 on |w_t| ≤ t·r^(t−1)(|w_1| + 1), and r is largest at an end.

    Parameters
    ----------
    first, last : numbers of the modes at the ends, see `envelopes`
    mass, t, level : of the cluster; from where on; what the sum is held against
    """
    fall = min(first[ONE_MINUS_R2], last[ONE_MINUS_R2])
    slope = math.log1p(-fall) if fall < 1.0 else -math.inf
    if not -0.5 * slope * t >= 1.0:
        return math.inf
    size = t * (max(abs(first[W]), abs(last[W])) + 1.0)
    most = mass * size * size * math.exp((t - 1.0) * slope)
    return most if most <= LEFT_OUT * level else math.inf


@jit
def error_of_nodes(middle, moved, mass, t, level):
    """Return a bound of a cluster's quadrature error from t on, inf if it is too large.

    Parameters
    ----------
    middle : numbers of the mode in the middle
    moved : how far T, D and w_1 move from end to end
    mass, t, level : as for `is_dead`
    """
    reach = 0.5 * _REACH
    trace, determinant, first = reach * moved[0], reach * moved[1], reach * moved[2]
    t0, d = 2.0 - middle[G], middle[D]
    disc = t0 * t0 - 4.0 * d
    change = (2.0 * t0 + trace) * trace + 4.0 * determinant + 1e-14
    # if r + s ≤ 1, which is asked for below
    push = trace + determinant
    s, size, least = math.sqrt(push), t, 1.0
    if change < 0.5 * abs(disc):
        root = math.sqrt(abs(disc) - change)
        s = min(s, push / root if disc > 0.0 and d >= 0.0 else 2.0 * push / root)
        # no longer grows with t
        size, least = (2.0 / root, 0.0) if 2.0 / root < t else (size, least)
    fall = middle[ONE_MINUS_R2]
    log_r = 0.5 * math.log1p(-fall) if fall < 1.0 else -math.inf
    radius = math.exp(log_r)
    slope = log_r + math.log1p(s / radius) if radius > s else math.log(radius + s)
    if not (slope < 0.0 and -slope * t >= least):
        return math.inf
    size *= abs(middle[W]) + first + 1.0
    error = mass * _ERROR * size * size * math.exp(2.0 * (t - 1.0) * slope)
    return error if error <= MAY_ERR * level else math.inf
