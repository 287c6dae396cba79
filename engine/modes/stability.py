"""The stability of a recurrence: its discriminant, and its distances from the edges.

ρ < 1 exactly where the Jury margins 1 − T + D, 1 + T + D and 1 − D are positive. ρ does
not change with the sign of T; where only ρ or |w_t| is asked for, T ≥ 0 is taken, and
1 + T + D is then no edge. The twin in C is backends/c/stability.h.
"""

from typing import Any, NamedTuple

import numpy as np

from ..arithmetic.double_double import (
    Pair,
    add,
    multiply,
    negative,
    pair,
    product,
    scaled,
    subtract,
)
from ..arithmetic.exact_sums import (
    absolute_sum,
    distil,
    exact_linear_combination,
    total,
)
from ..arithmetic.intrinsics import fma
from ..arithmetic.jit import inlined, jit


class Sums(NamedTuple):
    """T and D of a recurrence as exact sums, and summed.

    Attributes
    ----------
    trace_terms, determinant_terms : tuples of doubles, whose exact sums are T and D
    trace, determinant : T and D, error about 2⁻¹⁰⁵ of the size
    size : 1 + Σ|terms| of both, against which the errors of all that follows are
        measured
    """

    trace_terms: Any
    determinant_terms: Any
    trace: Pair
    determinant: Pair
    size: float


class Margins(NamedTuple):
    """T ≥ 0 and D of a recurrence, and what they lack to the edges of stability.

    Attributes
    ----------
    trace, determinant : T and D
    two_minus_T : 2 − T, twice what a double root lacks to 1
    one_minus_T_plus_D : (1 − λ₁)(1 − λ₂) = 1 − T + D
    one_minus_D : 1 − λ₁λ₂ = 1 − D
    """

    trace: Pair
    determinant: Pair
    two_minus_T: Pair
    one_minus_T_plus_D: Pair
    one_minus_D: Pair


@jit
def discriminant(t, d):
    """Return the discriminant T² − 4D of two double-doubles as a double.

    Error about 2⁻⁵² of it and 2⁻¹⁰⁴(T² + 4|D|).
    """
    return fma(2.0 * t.hi, t.lo, fma(t.hi, t.hi, -4.0 * d.hi)) - 4.0 * d.lo


@inlined
def _smaller_square(margins):
    """Return x and y with x² − 4y = T² − 4D: T and D, or 2 − T and 1 − T + D.

    T² − 4D = (2 − T)² − 4(1 − T + D): the difference keeps more digits where x is
    smaller. The choice is made half by half, which is a select in vector code.
    """
    t, d = margins.trace, margins.determinant
    g, m = margins.two_minus_T, margins.one_minus_T_plus_D
    low = t.hi < g.hi
    x = Pair(t.hi if low else g.hi, t.lo if low else g.lo)
    return x, Pair(d.hi if low else m.hi, d.lo if low else m.lo)


@inlined
def discriminant_of_margins(margins):
    """Return the discriminant T² − 4D as a double, from the smaller square."""
    x, y = _smaller_square(margins)
    return discriminant(x, y)


@jit
def precise_discriminant(t, d):
    """Return the discriminant T² − 4D as a double-double, error 2⁻¹⁰³(T² + 4|D|)."""
    return add(multiply(t, t), scaled(d, -4.0))


@jit
def precise_discriminant_of_margins(margins):
    """Return the discriminant T² − 4D as a double-double, from the smaller square."""
    x, y = _smaller_square(margins)
    return precise_discriminant(x, y)


@inlined
def sums_of(r):
    """Return the sums of a recurrence."""
    size = 1.0 + absolute_sum(r.trace) + absolute_sum(r.determinant)
    return Sums(r.trace, r.determinant, total(r.trace), total(r.determinant), size)


@inlined
def is_certain(x, disc, size):
    """Tell whether x² − 4y errs too little for (x + √(x² − 4y))/2 to lose a digit.

    x and y err by some 2⁻¹⁰² of the size, their discriminant by δ = 2⁻¹⁰⁰ of its
    square. A root of the discriminant errs by δ/2√|disc|, which has to be far below
    2⁻⁵³ of x.
    """
    return abs(disc) * (x * x) > 2.0**-88 * (size * size) * (size * size)


@jit
def linear_combination(c, s, d, sums):
    """Return c + s·T + d·D for s and d in 0, ±1, ±2, relative error 2⁻⁵⁶.

    Where it hardly cancels, T and D serve as they are summed; elsewhere their terms are
    summed exactly.
    """
    t_and_d = add(scaled(sums.trace, s), scaled(sums.determinant, d))
    value = add(pair(c), t_and_d)
    if abs(value.hi) > 1e-14 * sums.size:
        return value
    return exact_linear_combination(c, s, sums.trace_terms, d, sums.determinant_terms)


@inlined
def sign_of_trace(sums):
    """Return the sign, ±1, that T is to be multiplied with for T ≥ 0."""
    return -1.0 if sums.trace.hi < 0.0 else 1.0


@inlined
def quick_margins(sums, sign):
    """Return the margins, with T ≥ 0 by a sign, and whether digits of all are left.

    Those of the discriminant count too. Nothing branches. Where they are known, they
    are the sums of `linear_combination`.
    """
    t, d = scaled(sums.trace, sign), sums.determinant
    g = subtract(pair(2.0), t)
    m = add(pair(1.0), add(negative(t), d))
    u = subtract(pair(1.0), d)
    doubt = 1e-14 * sums.size
    margins = Margins(t, d, g, m, u)
    known = (abs(g.hi) > doubt) & (abs(m.hi) > doubt) & (abs(u.hi) > doubt)
    smaller = _smaller_square(margins)[0].hi
    known &= is_certain(smaller, discriminant_of_margins(margins), sums.size)
    return margins, known


@jit
def exact_trace(r):
    """Return T of a recurrence, relative error about 2⁻¹⁰⁵."""
    return exact_linear_combination(0.0, 1.0, r.trace, 0.0, r.determinant)


@jit
def exact_determinant(r):
    """Return D of a recurrence, relative error about 2⁻¹⁰⁵."""
    return exact_linear_combination(0.0, 0.0, r.trace, 1.0, r.determinant)


@jit
def exact_margins(r):
    """Return the margins and the sign of T, however far their sums cancel."""
    t = exact_trace(r)
    sign = -1.0 if t.hi < 0.0 else 1.0
    margins = Margins(
        scaled(t, sign),
        exact_determinant(r),
        exact_linear_combination(2.0, -sign, r.trace, 0.0, r.determinant),
        exact_linear_combination(1.0, -sign, r.trace, 1.0, r.determinant),
        exact_linear_combination(1.0, 0.0, r.trace, -1.0, r.determinant),
    )
    return margins, sign


@jit
def value_at_start(r):
    """Return w_1² − T·w_1 + D = (w_1 − λ₁)(w_1 − λ₂), relative error about 2⁻¹⁰⁵.

    It is 0 exactly where the start has a part in one root alone: then w_t = w_1ᵗ.
    """
    first, trace, determinant = r.first, r.trace, r.determinant
    m = len(first)
    terms = np.empty(2 * m * (m + len(trace)) + len(determinant))
    n = 0
    for i in range(m):
        if first[i] == 0.0:
            continue
        for j in range(m):
            terms[n], terms[n + 1] = product(first[i], first[j])
            n += 2
        for j in range(len(trace)):
            terms[n], terms[n + 1] = product(-first[i], trace[j])
            n += 2
    for i in range(len(determinant)):
        terms[n] = determinant[i]
        n += 1
    return distil(terms[:n])


@jit
def _exact_sign_of_discriminant(trace, determinant):
    """Return the sign of T² − 4D for exact sums T and D."""
    n = len(trace)
    terms = np.empty(2 * n * n + len(determinant))
    for i in range(n):
        for j in range(n):
            at = 2 * (n * i + j)
            terms[at], terms[at + 1] = product(trace[i], trace[j])
    for i in range(len(determinant)):
        terms[2 * n * n + i] = -4.0 * determinant[i]
    return np.sign(distil(terms).hi)


@jit
def sign_of_discriminant(sums):
    """Return the sign of the discriminant T² − 4D, exactly: −1, 0 or 1."""
    disc = discriminant(sums.trace, sums.determinant)
    if abs(disc) > 1e-26 * sums.size * sums.size:
        return np.sign(disc)
    return _exact_sign_of_discriminant(sums.trace_terms, sums.determinant_terms)


@jit
def jury_margins(sums):
    """Return the Jury margins 1 − T + D, 1 + T + D and 1 − D, their signs exact.

    ρ < 1 if and only if all three are positive  [Result 3].
    """
    below = linear_combination(1.0, -1.0, 1.0, sums).hi
    above = linear_combination(1.0, 1.0, 1.0, sums).hi
    return below, above, linear_combination(1.0, 0.0, -1.0, sums).hi


@inlined
def quick_jury_margins(sums):
    """Return 1 − T + D, 1 + T + D, 1 − D and 1 + D, and whether they are known.

    Nothing branches. Where they are known, they are the bits of `linear_combination`.
    """
    t, d, one = sums.trace, sums.determinant, pair(1.0)
    below, above = add(one, add(negative(t), d)), add(one, add(t, d))
    gap, plus = subtract(one, d), add(one, d)
    doubt = 1e-14 * sums.size
    known = (abs(below.hi) > doubt) & (abs(above.hi) > doubt)
    known &= (abs(gap.hi) > doubt) & (abs(plus.hi) > doubt)
    return below.hi, above.hi, gap.hi, plus.hi, known
