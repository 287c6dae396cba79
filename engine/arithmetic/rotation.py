"""When does a rotation by a fixed angle first enter an arc? In logarithmic time."""

import math

import numpy as np

from .double_double import FAR, add, divide, multiply
from .jit import jit


@jit
def _ceil(hi, lo):
    """Return the smallest whole number that is not below the pair."""
    up = np.ceil(hi)
    return up + np.ceil(lo) if up == hi else up


@jit
def _remainder(ah, al, bh, bl):
    """Return the pair a mod b for b > 0."""
    qh, ql = divide(ah, al, bh, bl)
    floor = -_ceil(-qh, -ql)
    hi, lo = multiply(floor, 0.0, bh, bl)
    hi, lo = add(ah, al, -hi, -lo)
    if hi < 0.0:
        hi, lo = add(hi, lo, bh, bl)
    return hi, lo


@jit
def _first(ah, al, mh, ml, fh, fl, th, tl):
    """Return the least j ≥ 0 with from ≤ j·a mod m ≤ to, inf if there is none.

    Euclid's algorithm: a step that overleaps the arc asks the same question of the
    remainders modulo a.
    """
    if fh <= 0.0:
        return 0.0
    if 2.0 * ah > mh:
        ah, al = add(mh, ml, -ah, -al)
        gh, gl = add(mh, ml, -th, -tl)
        th, tl = add(mh, ml, -fh, -fl)
        fh, fl = gh, gl
    if ah <= 1e-29 * mh:
        return math.inf
    hi, lo = divide(fh, fl, ah, al)
    j = _ceil(hi, lo)
    hi, lo = multiply(j, 0.0, ah, al)
    hi, lo = add(hi, lo, -th, -tl)
    if hi <= 0.0:
        return j
    rh, rl = _remainder(mh, ml, ah, al)
    fromh, froml = _remainder(th, tl, ah, al)
    toh, tol = _remainder(fh, fl, ah, al)
    fromh, froml = add(ah, al, -fromh, -froml)
    toh, tol = add(ah, al, -toh, -tol)
    y = _first(rh, rl, ah, al, fromh, froml, toh, tol)
    if y > FAR:
        return math.inf
    hi, lo = multiply(y, 0.0, mh, ml)
    hi, lo = add(hi, lo, fh, fl)
    hi, lo = divide(hi, lo, ah, al)
    return _ceil(hi, lo)


@jit
def first_entry(turnh, turnl, starth, startl, half):
    """Return the least whole j ≥ 0 with start − j·turn within `half` of an integer.

    Parameters
    ----------
    turn : pair in (0, 1), a fraction of the circle
    start : pair, in circles
    half : half of the arc's width in circles, ≥ 0

    Returns
    -------
    float64, inf if that takes more than about 2⁵³ steps
    """
    if half >= 0.5:
        return 0.0
    hi, lo = add(starth, startl, -half, 0.0)
    hi, lo = _remainder(hi, lo, 1.0, 0.0)
    th, tl = add(hi, lo, 2.0 * half, 0.0)
    if th >= 1.0:
        return 0.0
    return _first(turnh, turnl, 1.0, 0.0, hi, lo, th, tl)
