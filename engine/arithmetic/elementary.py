"""Elementary functions of double-doubles: exp, log, sine and cosine, atan2.

For the few decisions that doubles are in doubt of. Each is a series after a reduction
of the argument, or a Newton step from the double.
"""

import math

import numpy as np

from .double_double import add, divide, multiply, product
from .jit import jit

LN2 = (0.6931471805599453, 2.3190468138462996e-17)
PI = (3.141592653589793, 1.2246467991473532e-16, -2.9947698097183397e-33)


@jit
def _exp_parts(ah, al):
    """Return s (a pair) and 2ᵏ with eᵃ = 2ᵏ(1 + s), |s| < 0.42."""
    k = np.floor(ah / LN2[0] + 0.5)
    hi, lo = product(k, LN2[0])
    hi, lo = add(ah, al, -hi, -lo)
    hi, lo = add(hi, lo, -k * LN2[1], 0.0)
    hi, lo = hi / 64.0, lo / 64.0
    sh, sl = 0.0, 0.0
    for n in range(12, 1, -1):
        sh, sl = add(sh, sl, 1.0, 0.0)
        sh, sl = multiply(sh, sl, hi, lo)
        sh, sl = divide(sh, sl, float(n), 0.0)
    sh, sl = add(sh, sl, 1.0, 0.0)
    sh, sl = multiply(sh, sl, hi, lo)
    for _ in range(6):
        hi, lo = add(sh, sl, 2.0, 0.0)
        sh, sl = multiply(sh, sl, hi, lo)
    return sh, sl, 2.0**k


@jit
def exp(ah, al):
    """Return the pair eᵃ, relative error about 2⁻⁹⁸, 0 below −700."""
    if ah < -700.0:
        return 0.0, 0.0
    sh, sl, scale = _exp_parts(ah, al)
    sh, sl = add(sh, sl, 1.0, 0.0)
    return sh * scale, sl * scale


@jit
def expm1(ah, al):
    """Return the pair eᵃ − 1, relative error about 2⁻⁹⁸, for a < 700."""
    if ah < -700.0:
        return -1.0, 0.0
    sh, sl, scale = _exp_parts(ah, al)
    if scale == 1.0:
        return sh, sl
    sh, sl = add(sh * scale, sl * scale, scale, 0.0)
    return add(sh, sl, -1.0, 0.0)


@jit
def log1p(ah, al):
    """Return the pair ln(1 + a) for a > −1, relative error about 2⁻⁹⁸."""
    y = math.log1p(ah)
    eh, el = expm1(y, 0.0)
    nh, nl = add(ah, al, -eh, -el)
    dh, dl = add(eh, el, 1.0, 0.0)
    qh, ql = divide(nh, nl, dh, dl)
    # ln(1 + a) = y + ln(1 + q) with q about 1e-16: two terms of the series do
    sh, sl = multiply(qh, ql, qh, ql)
    qh, ql = add(qh, ql, -0.5 * sh, -0.5 * sl)
    return add(y, 0.0, qh, ql)


@jit
def log(ah, al, oh, ol):
    """Return the pair ln a, given a > 0 and o = 1 − a, each to full relative accuracy.

    Near a = 1 the logarithm lives on o, elsewhere on a.
    """
    if abs(oh) < 0.5:
        return log1p(-oh, -ol)
    m, e = math.frexp(ah)
    scale = m / ah
    hi, lo = add(m, al * scale, -1.0, 0.0)
    hi, lo = log1p(hi, lo)
    sh, sl = multiply(float(e), 0.0, LN2[0], LN2[1])
    return add(hi, lo, sh, sl)


@jit
def sine_cosine(ah, al):
    """Return sin a and cos a as two pairs, absolute error about 2⁻¹⁰⁰(1 + |a|)."""
    k = np.floor(ah / PI[0] * 4.0 + 0.5)
    q = 0.25 * k
    hi, lo = product(q, PI[0])
    m, n = product(q, PI[1])
    hi, lo = add(ah, al, -hi, -lo)
    hi, lo = add(hi, lo, -m, -n)
    hi, lo = add(hi, lo, -q * PI[2], 0.0)
    xh, xl = multiply(hi, lo, hi, lo)
    sh, sl, ch, cl = 0.0, 0.0, 0.0, 0.0
    for n in range(22, 0, -2):
        ch, cl = _series_step(ch, cl, xh, xl, float(n * (n - 1)))
        sh, sl = _series_step(sh, sl, xh, xl, float(n * (n + 1)))
    sh, sl = add(sh, sl, 1.0, 0.0)
    sh, sl = multiply(sh, sl, hi, lo)
    ch, cl = add(ch, cl, 1.0, 0.0)
    return _turn(sh, sl, ch, cl, int(k) % 8)


@jit
def _series_step(sh, sl, xh, xl, n):
    """Return −(s + 1)·x/n, one step of the series of sine or cosine."""
    sh, sl = add(sh, sl, 1.0, 0.0)
    sh, sl = multiply(sh, sl, -xh, -xl)
    return divide(sh, sl, n, 0.0)


@jit
def _turn(sh, sl, ch, cl, eighths):
    """Return sine and cosine of an angle after so many eighths of a turn."""
    if eighths % 2:
        ph, pl = add(sh, sl, ch, cl)
        mh, ml = add(ch, cl, -sh, -sl)
        sh, sl = multiply(ph, pl, 0.7071067811865476, -4.833646656726457e-17)
        ch, cl = multiply(mh, ml, 0.7071067811865476, -4.833646656726457e-17)
    quarter = eighths // 2
    if quarter == 1:
        sh, sl, ch, cl = ch, cl, -sh, -sl
    elif quarter == 2:
        sh, sl, ch, cl = -sh, -sl, -ch, -cl
    elif quarter == 3:
        sh, sl, ch, cl = -ch, -cl, sh, sl
    return sh, sl, ch, cl


@jit
def angle(yh, yl, xh, xl):
    """Return the pair atan2(y, x), relative error about 2⁻⁹⁸ where y > 0."""
    a = math.atan2(yh, xh)
    sh, sl, ch, cl = sine_cosine(a, 0.0)
    # the angle that is left: tan = (y cos a − x sin a)/(x cos a + y sin a)
    ph, pl = multiply(yh, yl, ch, cl)
    qh, ql = multiply(xh, xl, sh, sl)
    nh, nl = add(ph, pl, -qh, -ql)
    ph, pl = multiply(xh, xl, ch, cl)
    qh, ql = multiply(yh, yl, sh, sl)
    dh, dl = add(ph, pl, qh, ql)
    th, tl = divide(nh, nl, dh, dl)
    return add(a, 0.0, th, tl)
