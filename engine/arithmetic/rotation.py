"""When does a rotation by a fixed angle first enter an arc? In logarithmic time."""

import math

import numpy as np

from .double_double import (
    FAR,
    add,
    divide,
    multiply,
    negative,
    pair,
    subtract,
)
from .jit import jit


@jit
def _ceil(a):
    """Return ⌈a⌉, the least integer not below a double-double, as a double."""
    up = np.ceil(a.hi)
    return up + np.ceil(a.lo) if up == a.hi else up


@jit
def _remainder(a, b):
    """Return a mod b for b > 0, in [0, b)."""
    floor = -_ceil(negative(divide(a, b)))
    rest = subtract(a, multiply(pair(floor), b))
    if rest.hi < 0.0:
        rest = add(rest, b)
    return rest


@jit
def _first_multiple(a, m, low, high):
    """Return the least j ≥ 0 with low ≤ j·a mod m ≤ high, inf if there is none.

    Euclid's algorithm: a step that overleaps the arc asks the same question of the
    remainders modulo a.
    """
    if low.hi <= 0.0:
        return 0.0
    if 2.0 * a.hi > m.hi:
        a = subtract(m, a)
        low, high = subtract(m, high), subtract(m, low)
    if a.hi <= 1e-29 * m.hi:
        return math.inf
    j = _ceil(divide(low, a))
    if subtract(multiply(pair(j), a), high).hi <= 0.0:
        return j
    rest = _remainder(m, a)
    after = subtract(a, _remainder(high, a))
    before = subtract(a, _remainder(low, a))
    y = _first_multiple(rest, a, after, before)
    if y > FAR:
        return math.inf
    return _ceil(divide(add(multiply(pair(y), m), low), a))


@jit
def first_entry(turn, start, half):
    """Return the least integer j ≥ 0 with start − j·turn within `half` of an integer.

    Parameters
    ----------
    turn : double-double in (0, 1), a fraction of the circle
    start : double-double, in circles
    half : half of the arc's width in circles, ≥ 0

    Returns
    -------
    float64, inf if that takes more than about 2⁵³ steps
    """
    if half >= 0.5:
        return 0.0
    low = _remainder(add(start, pair(-half)), pair(1.0))
    high = add(low, pair(2.0 * half))
    if high.hi >= 1.0:
        return 0.0
    return _first_multiple(turn, pair(1.0), low, high)
