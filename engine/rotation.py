"""When does a rotation by a fixed angle first enter an arc? In logarithmic time."""

import math

import numpy as np

from .precise import FAR, add, divide, jit, multiply


@jit
def _ceil(h, l):
    """Return the smallest whole number that is not below the pair."""
    up = np.ceil(h)
    return up + np.ceil(l) if up == h else up


@jit
def _remainder(ah, al, bh, bl):
    """Return the pair a mod b for b > 0."""
    qh, ql = divide(ah, al, bh, bl)
    floor = -_ceil(-qh, -ql)
    h, l = multiply(floor, 0.0, bh, bl)
    h, l = add(ah, al, -h, -l)
    if h < 0.0:
        h, l = add(h, l, bh, bl)
    return h, l


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
    h, l = divide(fh, fl, ah, al)
    j = _ceil(h, l)
    h, l = multiply(j, 0.0, ah, al)
    h, l = add(h, l, -th, -tl)
    if h <= 0.0:
        return j
    rh, rl = _remainder(mh, ml, ah, al)
    fromh, froml = _remainder(th, tl, ah, al)
    toh, tol = _remainder(fh, fl, ah, al)
    fromh, froml = add(ah, al, -fromh, -froml)
    toh, tol = add(ah, al, -toh, -tol)
    y = _first(rh, rl, ah, al, fromh, froml, toh, tol)
    if y > FAR:
        return math.inf
    h, l = multiply(y, 0.0, mh, ml)
    h, l = add(h, l, fh, fl)
    h, l = divide(h, l, ah, al)
    return _ceil(h, l)


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
    h, l = add(starth, startl, -half, 0.0)
    h, l = _remainder(h, l, 1.0, 0.0)
    th, tl = add(h, l, 2.0 * half, 0.0)
    if th >= 1.0:
        return 0.0
    return _first(turnh, turnl, 1.0, 0.0, h, l, th, tl)
