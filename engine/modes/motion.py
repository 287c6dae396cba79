"""One mode through time, from rest: where it is at a step t, at any t.

A mode is w_t = rᵗ(cos θt + B sin θt) where the roots are a complex pair r e^{±iθ}, and
w_t = λ₁ᵗ(1 + h(1 − qᵗ)/(1 − q)) with q = λ₂/λ₁ where they are real. As |w_t| does not
change when T and w_1 change their signs together, T ≥ 0 here. Doubles tell whether
|w_t| is above a tolerance; where they cannot decide, double-doubles do.
"""

import math
from typing import NamedTuple

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
    root,
    scaled,
    subtract,
)
from ..arithmetic.elementary import PI, atan2, exp, expm1, log, sine_cosine
from ..arithmetic.exact_sums import combine
from ..arithmetic.jit import jit
from .stability import Margins, precise_stable_discriminant


class Mode(NamedTuple):
    """A mode with T ≥ 0, error of each number about 2⁻¹⁰⁰ of it.

    Attributes
    ----------
    margins : T and D, and what they lack to the edges of stability
    swing : 2w_1 − T
    discriminant : T² − 4D
    """

    margins: Margins
    swing: Pair
    discriminant: Pair


class ComplexRoots(NamedTuple):
    """The motion w_t = rᵗ(cos θt + B sin θt) of complex roots r e^{±iθ}.

    Attributes
    ----------
    r2, one_minus_r2 : r² = D and 1 − r²
    twice_imaginary, twice_real : 2r sin θ = √(4D − T²) and 2r cos θ = T
    sine : B = (2w_1 − T)/√(4D − T²)
    """

    r2: Pair
    one_minus_r2: Pair
    twice_imaginary: Pair
    twice_real: Pair
    sine: Pair


class RealRoots(NamedTuple):
    """The motion w_t = λ₁ᵗ(1 + h(1 − qᵗ)/(1 − q)) of real roots, q = λ₂/λ₁.

    Attributes
    ----------
    large, one_minus_large : λ₁ > 0, the larger root, and 1 − λ₁
    ratio, one_minus_ratio : |q| and 1 − |q|
    separation : 1 − q = (λ₁ − λ₂)/λ₁
    excess : h = w_1/λ₁ − 1
    sign : of q, ±1.0, a double
    """

    large: Pair
    one_minus_large: Pair
    ratio: Pair
    one_minus_ratio: Pair
    separation: Pair
    excess: Pair
    sign: float


@jit
def mode_of(r):
    """Return the mode of a recurrence, from exact sums."""
    sign = -1.0 if combine(0.0, 1.0, r.trace, 0.0, r.determinant).hi < 0.0 else 1.0
    margins = Margins(
        combine(0.0, sign, r.trace, 0.0, r.determinant),
        combine(0.0, 0.0, r.trace, 1.0, r.determinant),
        combine(2.0, -sign, r.trace, 0.0, r.determinant),
        combine(1.0, -sign, r.trace, 1.0, r.determinant),
        combine(1.0, 0.0, r.trace, -1.0, r.determinant),
    )
    swing = combine(0.0, 2.0 * sign, r.first, -sign, r.trace)
    return Mode(margins, swing, precise_stable_discriminant(margins))


@jit
def is_nilpotent(mode):
    """Tell whether both roots are 0, so that w_t = 0 from t = 2 on."""
    return mode.margins.trace.hi == 0.0 and mode.discriminant.hi == 0.0


@jit
def first_step(r):
    """Return w_1, from rest."""
    return combine(0.0, 1.0, r.first, 0.0, r.trace)


@jit
def complex_roots(mode):
    """Return the motion of a mode whose discriminant is negative."""
    margins = mode.margins
    imaginary = root(negative(mode.discriminant))
    return ComplexRoots(
        margins.determinant,
        margins.one_minus_D,
        imaginary,
        margins.trace,
        divide(mode.swing, imaginary),
    )


@jit
def real_roots(mode):
    """Return the motion of a mode whose discriminant is not negative."""
    margins, s = mode.margins, root(mode.discriminant)
    large = scaled(add(margins.trace, s), 0.5)
    # 1 − λ₁ = 2(1 − T + D)/(2 − T + √(T² − 4D))
    below = add(margins.two_minus_T, s)
    one_minus_large = pair(0.0)
    if below.hi != 0.0:
        one_minus_large = divide(scaled(margins.one_minus_T_plus_D, 2.0), below)
    sign = -1.0 if margins.determinant.hi < 0.0 else 1.0
    ratio = divide(scaled(margins.determinant, sign), multiply(large, large))
    separation = divide(s, large)
    one_minus_ratio = separation
    if sign < 0.0:
        one_minus_ratio = divide(margins.trace, large)
    excess = divide(scaled(subtract(mode.swing, s), 0.5), large)
    return RealRoots(
        large, one_minus_large, ratio, one_minus_ratio, separation, excess, sign
    )


@jit
def _log(x, one_minus_x):
    """Return ln x for a double x ≥ 0, given 1 − x to full relative accuracy."""
    return math.log1p(-one_minus_x) if one_minus_x < 0.5 else math.log(x)


@jit
def log_modulus(roots):
    """Return ln r of complex roots."""
    if roots.one_minus_r2.hi == 0.0:
        return 0.0
    return 0.5 * _log(roots.r2.hi, roots.one_minus_r2.hi)


@jit
def logs_of_real(roots):
    """Return ln λ₁ and ln |q| of real roots."""
    log_large = _log(roots.large.hi, roots.one_minus_large.hi)
    if not roots.ratio.hi > 0.0:
        return log_large, -math.inf
    return log_large, _log(roots.ratio.hi, roots.one_minus_ratio.hi)


@jit
def _exact_complex(roots, t):
    """Return |w_t| of complex roots, all in double-doubles."""
    log_r2 = log(roots.r2, roots.one_minus_r2)
    envelope = exp(multiply(pair(0.5 * t), log_r2))
    theta = atan2(roots.twice_imaginary, roots.twice_real)
    sine, cosine = sine_cosine(multiply(pair(t), theta))
    swing = add(cosine, multiply(roots.sine, sine))
    return absolute(multiply(swing, envelope))


@jit
def _exact_spread(roots, t):
    """Return (1 − qᵗ)/(1 − q) of real roots, t where q = 1."""
    if roots.separation.hi == 0.0:
        return pair(t)
    spread = pair(1.0)
    if roots.ratio.hi > 0.0:
        log_power = multiply(pair(t), log(roots.ratio, roots.one_minus_ratio))
        if roots.sign < 0.0 and t % 2.0 == 1.0:
            spread = add(pair(1.0), exp(log_power))
        else:
            spread = negative(expm1(log_power))
    return divide(spread, roots.separation)


@jit
def _exact_real(roots, t):
    """Return |w_t| of real roots, all in double-doubles."""
    log_large = log(roots.large, roots.one_minus_large)
    envelope = exp(multiply(pair(t), log_large))
    part = multiply(roots.excess, _exact_spread(roots, t))
    return absolute(multiply(add(part, pair(1.0)), envelope))


@jit
def exact_size(r, t):
    """Return |w_t| of a recurrence for whole t ≥ 1, all in double-doubles."""
    mode = mode_of(r)
    if mode.discriminant.hi < 0.0:
        return _exact_complex(complex_roots(mode), t)
    if not is_nilpotent(mode):
        return _exact_real(real_roots(mode), t)
    return pair(0.0) if t > 1.0 else absolute(first_step(r))


@jit
def complex_above(roots, t, tol, log_r, theta):
    """Tell whether |w_t| > tol, for complex roots."""
    fall = t * log_r
    envelope = math.exp(fall)
    phase = theta * t
    b = abs(roots.sine.hi)
    w = abs(envelope * (math.cos(phase) + roots.sine.hi * math.sin(phase)))
    doubt = envelope * ((4.0 - fall) * (1.0 + b * min(1.0, phase)) + phase * (1.0 + b))
    if abs(w - tol) > 8.0 * EPS * doubt:
        return w > tol
    return is_above(_exact_complex(roots, t), tol)


@jit
def real_value(roots, t, log_large, log_ratio):
    """Return |w_t| of real roots for whole t ≥ 1, and a bound of its error."""
    fall = t * log_large
    envelope = math.exp(fall)
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
    phi = atan2(absolute(roots.sine), pair(1.0))
    if roots.sine.hi < 0.0:
        phi = negative(phi)
    return divide(theta, PI), divide(phi, PI)


@jit
def half_arc(log_cosine):
    """Return arccos(e^x)/π, 0 for x ≥ 0: so near to a peak the cosine exceeds e^x."""
    if log_cosine >= 0.0:
        return 0.0
    return 2.0 * math.asin(math.sqrt(-0.5 * math.expm1(log_cosine))) / math.pi


@jit
def complex_value(roots, turn, phase, t, log_r):
    """Return |w_t| of complex roots, its relative error some units of 2⁻⁵³.

    A phase near a zero of the cosine is measured from there, where it keeps its digits.
    """
    hi, lo = subtract(multiply(pair(t), turn), phase)
    hi -= np.round(hi)
    off = abs(hi + lo)
    cosine = math.cos(math.pi * off)
    if off > 0.25:
        size = absolute(Pair(hi, lo))
        cosine = math.sin(math.pi * abs((0.5 - size.hi) - size.lo))
    return math.exp(t * log_r) * math.hypot(1.0, roots.sine.hi) * cosine


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
    if h > 0.0 or -h > separation:
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
