"""One mode through time, from rest: where it is at a step t, at any t.

A mode is w_t = rᵗ(cos θt + B sin θt) where the roots are a complex pair r e^{±iθ}, and
w_t = λ₁ᵗ(1 + h(1 − qᵗ)/(1 − q)) with q = λ₂/λ₁ where they are real. As |w_t| does not
change when T and w_1 change their signs together, T ≥ 0 here. Doubles tell whether
|w_t| is above a tolerance; where they cannot decide, double-doubles do.
"""

import math
from typing import NamedTuple

import numpy as np

from ..arithmetic.double_double import EPS, add, divide, multiply, root
from ..arithmetic.elementary import PI, angle, exp, expm1, log, sine_cosine
from ..arithmetic.exact_sums import combine
from ..arithmetic.jit import jit


class ComplexPair(NamedTuple):
    """A complex pair: D, 1 − D, √(4D − T²), T and B, each as high and low half."""

    dh: float
    dl: float
    uh: float
    ul: float
    sh: float
    sl: float
    th: float
    tl: float
    bh: float
    bl: float


class RealRoots(NamedTuple):
    """Real roots: λ₁, 1 − λ₁, |q|, 1 − |q|, 1 − q and h as pairs; the sign of q."""

    lh: float
    ll: float
    uh: float
    ul: float
    qh: float
    ql: float
    vh: float
    vl: float
    gh: float
    gl: float
    hh: float
    hl: float
    sign: float


@jit
def exact_margins(trace, determinant, first):
    """Return 2 − T, 1 − T + D, 1 − D, T, D, 2w_1 − T, T² − 4D as pairs, with T ≥ 0."""
    sign = -1.0 if combine(0.0, 1.0, trace, 0.0, determinant)[0] < 0.0 else 1.0
    t = combine(0.0, sign, trace, 0.0, determinant)
    d = combine(0.0, 0.0, trace, 1.0, determinant)
    g = combine(2.0, -sign, trace, 0.0, determinant)
    m = combine(1.0, -sign, trace, 1.0, determinant)
    u = combine(1.0, 0.0, trace, -1.0, determinant)
    e = combine(0.0, 2.0 * sign, first, -sign, trace)
    square = t if t[0] < g[0] else g
    minus = d if t[0] < g[0] else m
    hi, lo = multiply(square[0], square[1], square[0], square[1])
    disc = add(hi, lo, -4.0 * minus[0], -4.0 * minus[1])
    return g, m, u, t, d, e, disc


@jit
def complex_pair(u, t, d, e, disc):
    """Return the motion of a complex pair."""
    sh, sl = root(-disc[0], -disc[1])
    bh, bl = divide(e[0], e[1], sh, sl)
    return ComplexPair(d[0], d[1], u[0], u[1], sh, sl, t[0], t[1], bh, bl)


@jit
def real_roots(g, m, t, d, e, disc):
    """Return the motion of two real roots, the larger one positive."""
    sh, sl = root(disc[0], disc[1])
    lh, ll = add(t[0], t[1], sh, sl)
    lh, ll = 0.5 * lh, 0.5 * ll
    hi, lo = add(g[0], g[1], sh, sl)
    uh, ul = 0.0, 0.0
    if hi != 0.0:
        uh, ul = divide(2.0 * m[0], 2.0 * m[1], hi, lo)
    hi, lo = multiply(lh, ll, lh, ll)
    sign = -1.0 if d[0] < 0.0 else 1.0
    qh, ql = divide(sign * d[0], sign * d[1], hi, lo)
    gh, gl = divide(sh, sl, lh, ll)
    vh, vl = gh, gl
    if sign < 0.0:
        vh, vl = divide(t[0], t[1], lh, ll)
    hi, lo = add(e[0], e[1], -sh, -sl)
    hh, hl = divide(0.5 * hi, 0.5 * lo, lh, ll)
    return RealRoots(lh, ll, uh, ul, qh, ql, vh, vl, gh, gl, hh, hl, sign)


@jit
def log_of(hi, one_minus):
    """Return ln h for 0 ≤ h, given 1 − h to full relative accuracy."""
    return math.log1p(-one_minus) if one_minus < 0.5 else math.log(hi)


@jit
def _pair_exactly(s, t):
    """Return |w_t| of a complex pair, all in double-doubles."""
    hi, lo = log(s.dh, s.dl, s.uh, s.ul)
    hi, lo = multiply(0.5 * t, 0.0, hi, lo)
    eh, el = exp(hi, lo)
    hi, lo = angle(s.sh, s.sl, s.th, s.tl)
    hi, lo = multiply(t, 0.0, hi, lo)
    sh, sl, ch, cl = sine_cosine(hi, lo)
    sh, sl = multiply(s.bh, s.bl, sh, sl)
    hi, lo = add(ch, cl, sh, sl)
    hi, lo = multiply(hi, lo, eh, el)
    return abs(hi), lo if hi > 0.0 else -lo


@jit
def _roots_exactly(d, t):
    """Return |w_t| of real roots, all in double-doubles."""
    hi, lo = log(d.lh, d.ll, d.uh, d.ul)
    hi, lo = multiply(t, 0.0, hi, lo)
    eh, el = exp(hi, lo)
    if d.gh == 0.0:
        hi, lo = t, 0.0
    else:
        hi, lo = 1.0, 0.0
        if d.qh > 0.0:
            hi, lo = log(d.qh, d.ql, d.vh, d.vl)
            hi, lo = multiply(t, 0.0, hi, lo)
            if d.sign < 0.0 and t % 2.0 == 1.0:
                hi, lo = exp(hi, lo)
                hi, lo = add(1.0, 0.0, hi, lo)
            else:
                hi, lo = expm1(hi, lo)
                hi, lo = -hi, -lo
        hi, lo = divide(hi, lo, d.gh, d.gl)
    hi, lo = multiply(d.hh, d.hl, hi, lo)
    hi, lo = add(hi, lo, 1.0, 0.0)
    hi, lo = multiply(hi, lo, eh, el)
    return abs(hi), lo if hi > 0.0 else -lo


@jit
def exactly(trace, determinant, first, t):
    """Return |w_t| for whole t ≥ 1 as a pair, all in double-doubles."""
    g, m, u, tr, d, e, disc = exact_margins(trace, determinant, first)
    if disc[0] < 0.0:
        return _pair_exactly(complex_pair(u, tr, d, e, disc), t)
    if tr[0] == 0.0 and disc[0] == 0.0:
        hi, lo = combine(0.0, 1.0, first, 0.0, trace)
        if t > 1.0:
            return 0.0, 0.0
        return abs(hi), lo if hi > 0.0 else -lo
    return _roots_exactly(real_roots(g, m, tr, d, e, disc), t)


@jit
def pair_above(s, t, tol, log_r, theta):
    """Tell whether |w_t| > tol."""
    fall = t * log_r
    envelope = math.exp(fall)
    phase = theta * t
    b = abs(s.bh)
    w = abs(envelope * (math.cos(phase) + s.bh * math.sin(phase)))
    doubt = envelope * ((4.0 - fall) * (1.0 + b * min(1.0, phase)) + phase * (1.0 + b))
    if abs(w - tol) > 8.0 * EPS * doubt:
        return w > tol
    hi, lo = _pair_exactly(s, t)
    return hi > tol or (hi == tol and lo > 0.0)


@jit
def roots_value(d, t, log_l, log_q):
    """Return |w_t| for whole t ≥ 1, and a bound of its error."""
    fall = t * log_l
    envelope = math.exp(fall)
    spread = t
    if d.gh > 0.0:
        odd = d.sign < 0.0 and t % 2.0 == 1.0
        q = -math.exp(t * log_q) if odd else math.expm1(t * log_q) + 1.0
        spread = (1.0 - q if odd else -math.expm1(t * log_q)) / d.gh
    part = d.hh * spread
    size = envelope * (4.0 - fall) * (1.0 + abs(part) * 4.0)
    return abs(envelope * (1.0 + part)), 8.0 * EPS * size


@jit
def roots_above(d, t, tol, log_l, log_q):
    """Tell whether |w_t| > tol."""
    if t == 0.0:
        return tol < 1.0
    w, doubt = roots_value(d, t, log_l, log_q)
    if abs(w - tol) > doubt:
        return w > tol
    hi, lo = _roots_exactly(d, t)
    return hi > tol or (hi == tol and lo > 0.0)


@jit
def turns(s):
    """Return θ/π and φ/π, the angle of a step and where the first swing peaks."""
    hi, lo = angle(s.sh, s.sl, s.th, s.tl)
    turn = divide(hi, lo, PI[0], PI[1])
    hi, lo = angle(abs(s.bh), s.bl if s.bh > 0.0 else -s.bl, 1.0, 0.0)
    if s.bh < 0.0:
        hi, lo = -hi, -lo
    return turn, divide(hi, lo, PI[0], PI[1])


@jit
def half_arc(log_cosine):
    """Return arccos(e^x)/π, 0 for x ≥ 0: so near to a peak the cosine exceeds e^x."""
    if log_cosine >= 0.0:
        return 0.0
    return 2.0 * math.asin(math.sqrt(-0.5 * math.expm1(log_cosine))) / math.pi


@jit
def pair_value(s, turn, phase, t, log_r):
    """Return |w_t| of a complex pair, its relative error some units of 2⁻⁵³.

    A phase near a zero of the cosine is measured from there, where it keeps its digits.
    """
    hi, lo = multiply(t, 0.0, turn[0], turn[1])
    hi, lo = add(hi, lo, -phase[0], -phase[1])
    hi -= np.round(hi)
    off = abs(hi + lo)
    cosine = math.cos(math.pi * off)
    if off > 0.25:
        lo = lo if hi > 0.0 else -lo
        cosine = math.sin(math.pi * abs((0.5 - abs(hi)) - lo))
    return math.exp(t * log_r) * math.hypot(1.0, s.bh) * cosine


@jit
def turning_points(d, log_l, log_q):
    """Return the real t ≥ 0 where w_t turns, for whole t of one parity, 0 if nowhere.

    Two values: for even t (or all, where q ≥ 0) and for odd t.
    """
    if d.hh == 0.0 or d.qh == 0.0 or (d.gh > 0.0 and log_q == 0.0):
        return 0.0, 0.0
    if d.gh == 0.0:
        return max(-1.0 / d.hh - 1.0 / log_l, 0.0), 0.0
    tail = _log_one_plus(log_q, log_l)
    even = odd = 0.0
    if d.hh > 0.0 or -d.hh > d.gh:
        even = (_log_one_plus(d.gh, d.hh) - tail) / log_q
    elif -d.hh < d.gh:
        odd = (math.log(d.gh + d.hh) - math.log(-d.hh) - tail) / log_q
    return max(even, 0.0), max(odd, 0.0)


@jit
def _log_one_plus(a, b):
    """Return ln(1 + a/b) for a/b > −1, beyond the largest quotient too."""
    if abs(a) < 1e300 * abs(b):
        return math.log1p(a / b)
    return math.log(abs(a)) - math.log(abs(b))
