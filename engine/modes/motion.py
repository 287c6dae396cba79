"""One mode through time, from rest: where it is at a step t, at any t.

w_t is a closed form of the roots, see `roots`. Doubles tell whether |w_t| is above a
tolerance; where they cannot decide, double-doubles do.
"""

import math

import numpy as np

from ..arithmetic.double_double import (
    EPS,
    Pair,
    absolute,
    add,
    divide,
    is_above,
    multiply,
    negative,
    pair,
    scaled,
    subtract,
)
from ..arithmetic.elementary import PI, atan2, exp, expm1, log, sine_cosine
from ..arithmetic.jit import jit
from .roots import complex_roots, first_step, is_nilpotent, mode_of, real_roots

# double-doubles of smaller numbers lose digits below the normal numbers; it is that of
# the least tolerance too
_TINY = 1e-290


@jit
def _exact_complex(roots, t):
    """Return |w_t| of complex roots, all in double-doubles.

    0 behind w_1 for |λ|² below `_TINY`, which bounds |w_2|.
    """
    if roots.r2.hi < _TINY:
        swing = multiply(roots.sine_coefficient, roots.twice_imaginary)
        w = scaled(add(roots.twice_real, swing), 0.5)
        return absolute(w) if t == 1.0 else pair(0.0)
    log_r2 = log(roots.r2, roots.one_minus_r2)
    envelope = exp(multiply(pair(0.5 * t), log_r2))
    theta = atan2(roots.twice_imaginary, roots.twice_real)
    sine, cosine = sine_cosine(multiply(pair(t), theta))
    swing = add(cosine, multiply(roots.sine_coefficient, sine))
    return absolute(multiply(swing, envelope))


@jit
def _exact_spread(roots, t):
    """Return (1 − qᵗ)/(1 − q) of real roots, t where q = 1."""
    if roots.separation.hi == 0.0:
        return pair(t)
    spread = pair(1.0)
    if roots.ratio.hi > _TINY:
        log_power = multiply(pair(t), log(roots.ratio, roots.one_minus_ratio))
        if roots.sign < 0.0 and t % 2.0 == 1.0:
            spread = add(pair(1.0), exp(log_power))
        else:
            spread = negative(expm1(log_power))
    return divide(spread, roots.separation)


@jit
def _exact_power_of_ratio(roots, t):
    """Return qᵗ of real roots."""
    if roots.ratio.hi <= _TINY:
        return pair(0.0)
    power = exp(multiply(pair(t), log(roots.ratio, roots.one_minus_ratio)))
    return negative(power) if roots.sign < 0.0 and t % 2.0 == 1.0 else power


@jit
def _exact_real(roots, t):
    """Return |w_t| of real roots for whole t ≥ 1, all in double-doubles."""
    if roots.large.hi == 0.0:
        return pair(0.0)
    log_large = log(roots.large, roots.one_minus_large)
    envelope = exp(multiply(pair(t), log_large))
    if cancels(roots):
        rest = subtract(pair(1.0), roots.part)
        swing = add(roots.part, multiply(rest, _exact_power_of_ratio(roots, t)))
    else:
        swing = add(multiply(roots.excess, _exact_spread(roots, t)), pair(1.0))
    return absolute(multiply(swing, envelope))


@jit
def cancels(roots):
    """Tell whether the larger of real roots has next to no part in the motion."""
    return abs(roots.part.hi) < 0.5


@jit
def exact_size(r, t):
    """Return |w_t| of a recurrence for whole t ≥ 1, all in double-doubles."""
    mode = mode_of(r)
    if mode.discriminant.hi < 0.0:
        return _exact_complex(complex_roots(mode), t)
    if not is_nilpotent(mode):
        return _exact_real(real_roots(mode, r), t)
    return pair(0.0) if t > 1.0 else absolute(first_step(r))


@jit
def complex_above(roots, t, tol, log_r, theta):
    """Tell whether |w_t| > tol, for complex roots."""
    fall = t * log_r
    envelope = math.exp(fall)
    phase = theta * t
    b = abs(roots.sine_coefficient.hi)
    w = abs(envelope * (math.cos(phase) + roots.sine_coefficient.hi * math.sin(phase)))
    doubt = envelope * ((4.0 - fall) * (1.0 + b * min(1.0, phase)) + phase * (1.0 + b))
    if abs(w - tol) > 8.0 * EPS * doubt:
        return w > tol
    return is_above(_exact_complex(roots, t), tol)


@jit
def real_value(roots, t, log_large, log_ratio):
    """Return |w_t| of real roots for whole t ≥ 1, and a bound of its error."""
    if roots.large.hi == 0.0:
        return 0.0, 0.0
    fall = t * log_large
    envelope = math.exp(fall)
    if cancels(roots):
        return _value_of_small(roots, t, envelope, fall, log_ratio)
    spread = t
    if roots.separation.hi > 0.0:
        odd = roots.sign < 0.0 and t % 2.0 == 1.0
        q = -math.exp(t * log_ratio) if odd else math.expm1(t * log_ratio) + 1.0
        spread = 1.0 - q if odd else -math.expm1(t * log_ratio)
        spread /= roots.separation.hi
    part = roots.excess.hi * spread
    size = envelope * (4.0 - fall) * (1.0 + abs(part) * 4.0)
    return abs(envelope * (1.0 + part)), 8.0 * EPS * size


@jit
def _value_of_small(roots, t, envelope, fall, log_ratio):
    """Return what `real_value` does, where λ₁ has next to no part in the motion."""
    a, power = roots.part.hi, math.exp(t * log_ratio)
    odd = roots.sign < 0.0 and t % 2.0 == 1.0
    rest = (1.0 - a) * (-power if odd else power)
    size = envelope * (4.0 - fall) * abs(a)
    # 0·inf where q = 0
    if power > 0.0:
        size += math.exp(fall + t * log_ratio) * (8.0 - 2.0 * (fall + t * log_ratio))
    return abs(envelope * (a + rest)), 8.0 * EPS * size


@jit
def real_above(roots, t, tol, log_large, log_ratio):
    """Tell whether |w_t| > tol, for real roots."""
    if t == 0.0:
        return tol < 1.0
    w, doubt = real_value(roots, t, log_large, log_ratio)
    if abs(w - tol) > doubt:
        return w > tol
    return is_above(_exact_real(roots, t), tol)


@jit
def turns(roots):
    """Return θ/π and φ/π of complex roots, w_t = A rᵗ cos(θt − φ), tan φ = B."""
    theta = atan2(roots.twice_imaginary, roots.twice_real)
    phi = atan2(absolute(roots.sine_coefficient), pair(1.0))
    if roots.sine_coefficient.hi < 0.0:
        phi = negative(phi)
    return divide(theta, PI), divide(phi, PI)


@jit
def half_arc(log_cosine):
    """Return arccos(e^x)/π, 0 for x ≥ 0: so near to a peak the cosine exceeds e^x."""
    if log_cosine >= 0.0:
        return 0.0
    return 2.0 * math.asin(math.sqrt(-0.5 * math.expm1(log_cosine))) / math.pi


@jit
def offset_of(turn, phase, t):
    """Return by how many half turns w_t of complex roots is beyond its nearest peak."""
    hi, lo = subtract(multiply(pair(t), turn), phase)
    return Pair(hi - np.round(hi), lo)


@jit
def complex_value(roots, turn, phase, t, log_r):
    """Return |w_t| of complex roots, its relative error some units of 2⁻⁵³.

    A phase near a zero of the cosine is measured from there, where it keeps its digits.
    """
    offset = offset_of(turn, phase, t)
    off = abs(offset.hi + offset.lo)
    cosine = math.cos(math.pi * off)
    if off > 0.25:
        size = absolute(offset)
        cosine = math.sin(math.pi * abs((0.5 - size.hi) - size.lo))
    return math.exp(t * log_r) * math.hypot(1.0, roots.sine_coefficient.hi) * cosine


@jit
def turning_points(roots, log_large, log_ratio):
    """Return the real t ≥ 0 where w_t turns, for whole t of one parity, 0 if nowhere.

    Two values: for even t (or all, where q ≥ 0) and for odd t.
    """
    h, separation = roots.excess.hi, roots.separation.hi
    if h == 0.0 or roots.ratio.hi == 0.0 or (separation > 0.0 and log_ratio == 0.0):
        return 0.0, 0.0
    if separation == 0.0:
        return max(-1.0 / h - 1.0 / log_large, 0.0), 0.0
    tail = _log_one_plus(log_ratio, log_large)
    even = odd = 0.0
    if cancels(roots):
        a = roots.part.hi
        at = (math.log(abs(a)) - math.log1p(-a) - tail) / log_ratio
        even, odd = (at, 0.0) if a < 0.0 else (0.0, at)
    elif h > 0.0 or -h > separation:
        even = (_log_one_plus(separation, h) - tail) / log_ratio
    elif -h < separation:
        odd = (math.log(separation + h) - math.log(-h) - tail) / log_ratio
    return max(even, 0.0), max(odd, 0.0)


@jit
def _log_one_plus(a, b):
    """Return ln(1 + a/b) for a/b > −1, beyond the largest quotient too."""
    if abs(a) < 1e300 * abs(b):
        return math.log1p(a / b)
    return math.log(abs(a)) - math.log(abs(b))
