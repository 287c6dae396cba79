"""The rate −ln ρ, with a logarithm that both backends compute in the same operations.

Where no sum cancels beyond what double-doubles carry, nothing branches, so that the
loop around it becomes vector code; the few other points take exact sums.
"""

import math

from ..arithmetic.elementary import LN2
from ..arithmetic.intrinsics import bits, double, fma
from ..arithmetic.jit import inlined, jit
from ..modes.stability import (
    discriminant,
    discriminant_of_margins,
    exact_margins,
    quick_margins,
    sign_of_trace,
    sums_of,
)
from .quantity import quantity

# the bits of √½, of 1, of the mantissa, and of 2⁵² as the exponent
ROOT_HALF, ONE, MANTISSA = 0x3FE6A09E667F3BCD, 0x3FF0000000000000, 0xFFFFFFFFFFFFF
MAGIC = 0x4330000000000000
# 2/3, 2/5, …, 2/21: 2 artanh u = 2u + u³(2/3 + u²(2/5 + …))
SERIES = tuple(2.0 / n for n in range(21, 2, -2))
# of ρ; beyond, T² overflows or the mantissa lacks digits
LEAST, MOST = 1e-290, 1e150


@inlined
def minus_log(rho, gap):
    """Return −ln ρ, given 1 − ρ to full relative accuracy too, relative error 1e−15.

    ρ = 2ᵉm with m in [√½, √2), and ln m = 2 artanh((m − 1)/(m + 1)).
    """
    shifted = bits(rho) + (ONE - ROOT_HALF)
    m = double((shifted & MANTISSA) + ROOT_HALF)
    e = double((shifted >> 52) | MAGIC) - (4503599627370496.0 + 1023.0)
    f = -gap if e == 0.0 else m - 1.0
    u = f / (2.0 + f)
    square = u * u
    tail = SERIES[0]
    for i in range(1, len(SERIES)):
        tail = fma(tail, square, SERIES[i])
    tail = fma(e, LN2.lo, tail * (u * square))
    return -fma(e, LN2.hi, 2.0 * u + tail)


@inlined
def _minus_log_of_root(margins):
    """Return −ln ρ, NaN where ρ is out of range.

    With g = 2 − T and m = 1 − T + D real roots have 1 − ρ = 2m/(g + √(g² − 4m)),
    complex ones 1 − ρ = (1 − D)/(1 + √D).
    """
    t, d, g, m, u = margins
    disc = discriminant_of_margins(margins)
    swings = disc < 0.0
    root = math.sqrt(d.hi if swings else disc)
    rho = root if swings else 0.5 * (t.hi + root)
    quotient = swings | (g.hi > 0.0)
    above = u.hi if swings else 2.0 * m.hi
    below = (1.0 if swings else g.hi) + root
    gap = above / (below if quotient else 1.0)
    gap = gap if quotient else 0.5 * (g.hi - root)
    value = minus_log(rho, gap)
    return value if LEAST < rho < MOST else math.nan


@inlined
def _quick_rate(r):
    """Return −ln ρ, NaN where a sum cancels so far that its digits are in doubt."""
    sums = sums_of(r)
    margins, known = quick_margins(sums, sign_of_trace(sums))
    value = _minus_log_of_root(margins)
    return value if known else math.nan


@jit
def _minus_log_out_of_range(margins):
    """Return −ln ρ by the logarithm of the library, inf for ρ = 0."""
    t, d = margins.trace, margins.determinant
    if not t.hi < MOST:
        return -math.log(t.hi)
    disc = discriminant(t, d)
    rho = math.sqrt(d.hi) if disc < 0.0 else 0.5 * (t.hi + math.sqrt(disc))
    return -math.log(rho) if rho > 0.0 else math.inf


@quantity(
    long_name="convergence rate",
    quick=_quick_rate,
    units="1",
    comment="-ln(spectral radius) per iteration: inf = at once, negative = diverges",
    best="max",
    worst="min",
    converges=(math.nextafter(0.0, 1.0), math.inf),
)
def rate(r):
    """Return −ln ρ per iteration, relative error below 1e−14 also when ρ → 1.

    With g = 2 − |T| and m = 1 − |T| + D, real roots have 1 − ρ = 2m/(g + √(g² − 4m)),
    complex ones 1 − ρ = (1 − D)/(1 + √D)  [Eq. 31].
    """
    value = _quick_rate(r)
    if value == value:
        return value
    if r.underflows:
        return math.nan
    margins, _ = exact_margins(r)
    value = _minus_log_of_root(margins)
    return value if value == value else _minus_log_out_of_range(margins)
