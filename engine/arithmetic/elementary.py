"""Elementary functions of double-doubles: exp, log, sine and cosine, atan2.

For the few decisions that doubles are in doubt of. Each is a series after a reduction
of the argument, or a Newton step from the double.
"""

import math

import numpy as np

from .double_double import (
    Pair,
    add,
    divide,
    multiply,
    negative,
    pair,
    product,
    scaled,
    subtract,
)
from .jit import jit

LN2 = Pair(0.6931471805599453, 2.3190468138462996e-17)
PI = Pair(3.141592653589793, 1.2246467991473532e-16)
# what π exceeds the double-double by
_PI_REST = -2.9947698097183397e-33
_ROOT_HALF = Pair(0.7071067811865476, -4.833646656726457e-17)


@jit
def _exp_parts(a):
    """Return s, a double-double, and 2ᵏ with eᵃ = 2ᵏ(1 + s), |s| < 0.42."""
    k = np.floor(a.hi / LN2.hi + 0.5)
    rest = subtract(a, product(k, LN2.hi))
    rest = add(rest, pair(-k * LN2.lo))
    rest = scaled(rest, 1.0 / 64.0)
    s = pair(0.0)
    for n in range(12, 1, -1):
        s = multiply(add(s, pair(1.0)), rest)
        s = divide(s, pair(float(n)))
    s = multiply(add(s, pair(1.0)), rest)
    # (1 + s)² = 1 + s(s + 2)
    for _ in range(6):
        s = multiply(s, add(s, pair(2.0)))
    return s, 2.0**k


@jit
def exp(a):
    """Return eᵃ, relative error about 2⁻⁹⁸, 0 below −700."""
    if a.hi < -700.0:
        return pair(0.0)
    s, scale = _exp_parts(a)
    return scaled(add(s, pair(1.0)), scale)


@jit
def expm1(a):
    """Return eᵃ − 1, relative error about 2⁻⁹⁸, for a < 700."""
    if a.hi < -700.0:
        return pair(-1.0)
    s, scale = _exp_parts(a)
    if scale == 1.0:
        return s
    return add(add(scaled(s, scale), pair(scale)), pair(-1.0))


@jit
def log1p(a):
    """Return ln(1 + a) for a > −1, relative error about 2⁻⁹⁸."""
    y = pair(math.log1p(a.hi))
    e = expm1(y)
    q = divide(subtract(a, e), add(e, pair(1.0)))
    # ln(1 + a) = y + ln(1 + q) with q about 1e-16: two terms of the series do
    return add(y, add(q, scaled(multiply(q, q), -0.5)))


@jit
def log(a, one_minus_a):
    """Return ln a for a > 0, relative error about 2⁻⁹⁸.

    Near a = 1 the logarithm lives on 1 − a, elsewhere on a: each is given to full
    relative accuracy.
    """
    if abs(one_minus_a.hi) < 0.5:
        return log1p(negative(one_minus_a))
    m, e = math.frexp(a.hi)
    scale = m / a.hi
    mantissa = Pair(m, a.lo * scale)
    return add(log1p(add(mantissa, pair(-1.0))), multiply(pair(float(e)), LN2))


@jit
def sine_cosine(a):
    """Return sin a and cos a, absolute error about 2⁻¹⁰⁰(1 + |a|)."""
    k = np.floor(a.hi / PI.hi * 4.0 + 0.5)
    q = 0.25 * k
    rest = subtract(a, product(q, PI.hi))
    rest = subtract(rest, product(q, PI.lo))
    rest = add(rest, pair(-q * _PI_REST))
    square = multiply(rest, rest)
    sine, cosine = pair(0.0), pair(0.0)
    for n in range(22, 0, -2):
        cosine = _series_step(cosine, square, float(n * (n - 1)))
        sine = _series_step(sine, square, float(n * (n + 1)))
    sine = multiply(add(sine, pair(1.0)), rest)
    return _rotated(sine, add(cosine, pair(1.0)), int(k) % 8)


@jit
def _series_step(s, square, n):
    """Return −(s + 1)·x²/n, one step of the series of sine or cosine."""
    s = multiply(add(s, pair(1.0)), negative(square))
    return divide(s, pair(n))


@jit
def _rotated(sine, cosine, eighths):
    """Return sine and cosine of an angle and so many eighths of a turn."""
    if eighths % 2:
        both, rest = add(sine, cosine), subtract(cosine, sine)
        sine, cosine = multiply(both, _ROOT_HALF), multiply(rest, _ROOT_HALF)
    quarters = eighths // 2
    if quarters == 1:
        return cosine, negative(sine)
    if quarters == 2:
        return negative(sine), negative(cosine)
    if quarters == 3:
        return negative(cosine), sine
    return sine, cosine


@jit
def atan2(y, x):
    """Return the angle of the point (x, y), relative error about 2⁻⁹⁸ where y > 0."""
    a = pair(math.atan2(y.hi, x.hi))
    sine, cosine = sine_cosine(a)
    # the angle that is left: tan = (y cos a − x sin a)/(x cos a + y sin a)
    across = subtract(multiply(y, cosine), multiply(x, sine))
    along = add(multiply(x, cosine), multiply(y, sine))
    return add(a, divide(across, along))
