"""Bounds of each mode of an ensemble from a step on, and its motion in doubles.

Over w and its last step v, one step is v′ = D·v − m·w, w′ = w + v′ with m = 1 − T + D.
Here T ≥ 0: w and w_1 change their signs together with T at every other step, which no
square of w tells. From w_1 on, with n = t − 1 and D = λ₁λ₂, q = λ₂/λ₁:

- a complex pair has |w_t|² ≤ A²Dⁿ with A² = 4D·V/(4D − T²), where V = m·w² +
  (1 − D − m)·w·v + D·v² is multiplied by D each step;
- real roots have |w_t| ≤ λ₁ⁿ(|w_1| + |q(w_1 − λ₁)|·F) with F = 1/(1 − q), or 1 for
  q < 0. Close to a double root nλ₁ⁿ ≤ Cλ₁^(n − n/C)/(e(1 − λ₁)) bounds more, with
  any C; (1 − y)^(1 − 1/C) ≤ 1 − (1 − 1/C)y for y = 1 − λ₁²;
- a start that has a part in one root alone has w_t = w_1ᵗ, the numbers of T = |w_1| and
  D = 0.
"""

import math

from ..arithmetic.double_double import add, pair, scaled
from ..arithmetic.exact_sums import exact_linear_combination, total
from ..arithmetic.jit import inlined, jit
from ..modes.stability import (
    discriminant_of_margins,
    exact_margins,
    quick_margins,
    sign_of_trace,
    sums_of,
    value_at_start,
)

# what is known of a mode, row by row
ROWS = 8
G, ONE_MINUS_T_PLUS_D, D, W, STEP, ONE_MINUS_R2, PEAK, FALLS = range(ROWS)
# complex roots whose w has fallen by e^(−400π) when it first swings are taken as a
# double root
_NEVER = 400.0
# C above: so much more is the bound of a double root than its motion, and so much less
# is a 1/C of its rate
_SPLIT = 64.0
# of √(T² − 4D), how far w_1 is from λ₂ where it may be λ₂
_BESIDE = 2.0**-20


@inlined
def _larger_root(margins, disc):
    """Return √(T² − 4D), λ₁ and 1 − λ₁; 0, r and 1 − r of complex roots."""
    d, g = margins.determinant.hi, margins.two_minus_T.hi
    m, u = margins.one_minus_T_plus_D.hi, margins.one_minus_D.hi
    root = math.sqrt(disc if disc > 0.0 else 0.0)
    radius = math.sqrt(d if d > 0.0 else 0.0)
    large = 0.5 * (margins.trace.hi + root) if disc >= 0.0 else radius
    gap = 2.0 * m / (g + root if g + root > 0.0 else 1.0)
    return root, large, gap if disc >= 0.0 else u / (1.0 + radius)


@inlined
def _bound_of_real(d, w, root, large, gap):
    """Return |w_1| + |q(w_1 − λ₁)|·F, λ₂, and whether F is the bound C/(e(1 − λ₁))."""
    small = d / large if large > 0.0 else 0.0
    q = small / large if large > 0.0 else 0.0
    # F = λ₁/√(T² − 4D) against C/(e(1 − λ₁))
    close = (q >= 0.0) & (large * math.e * gap > _SPLIT * root)
    far = large / (root if root > 0.0 else 1.0) if q >= 0.0 else 1.0
    factor = _SPLIT / (math.e * (gap if gap > 0.0 else 1.0)) if close else far
    return abs(w) + abs(q * (w - large)) * factor, small, close


@inlined
def _numbers(margins, w, step):
    """Return 2 − T, m, D, w_1, w_1 − 1, 1 − r², the square of the bound, and its kind.

    With them, whether w_1 is away from λ₂.
    The square of the bound is that at t = 1, and is multiplied by r² each step.
    `ONE_MINUS_R2` is −1 where ρ > 1, or where ρ = 1 with complex roots. The kind is 0
    for these, and for real roots the sign of w in the end.
    """
    disc = discriminant_of_margins(margins)
    d, g = margins.determinant.hi, margins.two_minus_T.hi
    m, u = margins.one_minus_T_plus_D.hi, margins.one_minus_D.hi
    late = 0.5 * margins.trace.hi * u
    swings = (disc < 0.0) & (-disc * _NEVER * _NEVER > late * late)
    root, large, gap = _larger_root(margins, disc)
    size, small, close = _bound_of_real(d, w, root, large, gap)
    v = m * w * w + (u - m) * w * step + d * step * step
    swing = 4.0 * d * v / (-disc if swings else 1.0)
    peak = max(swing, w * w) if swings else size * size
    fall = gap * (2.0 - gap)
    fall = (1.0 - 1.0 / _SPLIT) * fall if close else fall
    fall = u if swings else fall
    wild = (m < 0.0) | (u < 0.0) | (g < 0.0) | (swings & (u <= 0.0))
    kind = -1.0 if w < small else 1.0
    kind = 0.0 if swings else kind
    away = swings | (abs(w - small) >= _BESIDE * root)
    return (g, m, d, w, step, -1.0 if wild else fall, peak, kind), away


@inlined
def _first_step(first, sign):
    """Return w_1 and w_1 − 1, w changing its sign together with T."""
    w = scaled(total(first), sign)
    return w.hi, add(w, pair(-1.0)).hi


@inlined
def quick_numbers(r):
    """Return what `numbers_of` does, NaN first where a sum's digits are in doubt."""
    sums = sums_of(r)
    sign = sign_of_trace(sums)
    w, step = _first_step(r.first, sign)
    margins, known = quick_margins(sums, sign)
    numbers, away = _numbers(margins, w, step)
    return (numbers[0] if known & away else math.nan, *numbers[1:])


@jit
def numbers_of(r):
    """Return what is known of a mode, in the order of the rows above."""
    margins, sign = exact_margins(r)
    w, step = _first_step(r.first, sign)
    numbers, away = _numbers(margins, w, step)
    if away or value_at_start(r).hi != 0.0:
        return numbers
    return _numbers_of_one_root(r, abs(w))


@jit
def _numbers_of_one_root(r, w):
    """Return the numbers of w_t = w_1ᵗ, as |w_1|ᵗ."""
    sign = -1.0 if total(r.first).hi < 0.0 else 1.0
    gap = exact_linear_combination(1.0, -sign, r.first, 0.0, r.trace).hi
    fall = gap * (2.0 - gap) if gap >= 0.0 else -1.0
    return 1.0 + gap, gap, 0.0, w, -gap, fall, w * w, 1.0
