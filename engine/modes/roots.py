"""The roots of a mode in double-doubles, and what its motion from rest is made of.

λ² − Tλ + D = 0 has the roots (T ± √(T² − 4D))/2  [Eq. 31]. With a complex pair
r e^{±iθ} w_t = rᵗ(cos θt + B sin θt); with real roots and q = λ₂/λ₁
w_t = λ₁ᵗ(1 + h(1 − qᵗ)/(1 − q)). As |w_t| does not change when T and w_1 change their
signs together, T ≥ 0.
"""

import math
from typing import NamedTuple

from ..arithmetic.double_double import (
    Pair,
    add,
    divide,
    multiply,
    negative,
    pair,
    root,
    scaled,
    subtract,
)
from ..arithmetic.exact_sums import exact_linear_combination
from ..arithmetic.jit import jit
from .stability import (
    Margins,
    exact_margins,
    precise_discriminant_of_margins,
    value_at_start,
)


class Mode(NamedTuple):
    """A mode with T ≥ 0, error of each number about 2⁻¹⁰⁰ of it.

    Attributes
    ----------
    margins : T and D, and what they lack to the edges of stability
    two_w1_minus_T : 2w_1 − T
    discriminant : T² − 4D
    """

    margins: Margins
    two_w1_minus_T: Pair
    discriminant: Pair


class ComplexRoots(NamedTuple):
    """The motion w_t = rᵗ(cos θt + B sin θt) of complex roots r e^{±iθ}.

    Attributes
    ----------
    r2, one_minus_r2 : r² = D and 1 − r²
    twice_imaginary, twice_real : 2r sin θ = √(4D − T²) and 2r cos θ = T
    sine_coefficient : B = (2w_1 − T)/√(4D − T²)
    """

    r2: Pair
    one_minus_r2: Pair
    twice_imaginary: Pair
    twice_real: Pair
    sine_coefficient: Pair


class RealRoots(NamedTuple):
    """The motion w_t = λ₁ᵗ(1 + h(1 − qᵗ)/(1 − q)) of real roots, q = λ₂/λ₁.

    Attributes
    ----------
    large, one_minus_large : λ₁ > 0, the larger root, and 1 − λ₁
    ratio, one_minus_ratio : |q| and 1 − |q|
    separation : 1 − q = (λ₁ − λ₂)/λ₁
    excess : h = w_1/λ₁ − 1
    part : A = 1 + h/(1 − q) where that cancels, |A| < 2⁻²⁰: w_t = λ₁ᵗ(A + (1 − A)qᵗ);
        1 elsewhere
    sign : of q, ±1.0, a double
    """

    large: Pair
    one_minus_large: Pair
    ratio: Pair
    one_minus_ratio: Pair
    separation: Pair
    excess: Pair
    part: Pair
    sign: float


# of the start, the part in the larger root below which it is computed from exact sums
_SMALL_PART = 2.0**-20


@jit
def mode_of(r):
    """Return the mode of a recurrence, from exact sums."""
    margins, sign = exact_margins(r)
    two_w1_minus_T = exact_linear_combination(0.0, 2.0 * sign, r.first, -sign, r.trace)
    return Mode(margins, two_w1_minus_T, precise_discriminant_of_margins(margins))


@jit
def is_nilpotent(mode):
    """Tell whether both roots are 0, so that w_t = 0 from t = 2 on."""
    return mode.margins.trace.hi == 0.0 and mode.discriminant.hi == 0.0


@jit
def first_step(r):
    """Return w_1, from rest."""
    return exact_linear_combination(0.0, 1.0, r.first, 0.0, r.trace)


@jit
def starts_beside(mode):
    """Tell whether the start has next to no part in λ₁, so that λ₂ tells how w moves.

    w_1 − λ₂, (2w_1 − T + √(T² − 4D))/2, is then next to 0.
    """
    if not mode.discriminant.hi > 0.0:
        return False
    s = root(mode.discriminant)
    return abs(add(mode.two_w1_minus_T, s).hi) < 2.0 * _SMALL_PART * s.hi


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
        divide(mode.two_w1_minus_T, imaginary),
    )


@jit
def _one_root(r):
    """Return the motion w_t = w_1ᵗ, as |w_1|ᵗ."""
    w, one, zero = first_step(r), pair(1.0), pair(0.0)
    sign = -1.0 if w.hi < 0.0 else 1.0
    gap = exact_linear_combination(1.0, -sign, r.first, 0.0, r.trace)
    return RealRoots(scaled(w, sign), gap, zero, one, one, zero, one, 1.0)


@jit
def real_roots(mode, r):
    """Return the motion of a mode whose discriminant is not negative.

    A start that has no part in λ₁ moves by λ₂ alone, and is given as if it were λ₁.
    """
    margins, s = mode.margins, root(mode.discriminant)
    part = pair(1.0)
    if starts_beside(mode):
        value = value_at_start(r)
        if value.hi == 0.0:
            return _one_root(r)
        # (w_1 − λ₂)/(λ₁ − λ₂)
        shift = scaled(subtract(mode.two_w1_minus_T, s), 0.5)
        part = divide(value, multiply(shift, s))
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
    excess = divide(scaled(subtract(mode.two_w1_minus_T, s), 0.5), large)
    return RealRoots(
        large, one_minus_large, ratio, one_minus_ratio, separation, excess, part, sign
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
