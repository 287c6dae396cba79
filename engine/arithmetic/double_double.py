"""Double-double arithmetic: a number as an unevaluated sum high + low of two doubles.

The error-free steps are Knuth's two-sum and the product with a fused multiply-add
(Dekker 1971; Ogita, Rump and Oishi 2005). A double-double carries about 106 bits.
Everything here is a Numba kernel that is inlined where it is used, so that a `Pair`
is two registers there, not an object.
"""

import math
from typing import NamedTuple

from .intrinsics import fma
from .jit import jit

EPS = 2.220446049250313e-16
# beyond, doubles do not tell whole numbers apart
FAR = 2.0**53


class Pair(NamedTuple):
    """A double-double, the number hi + lo.

    Attributes
    ----------
    hi : the sum rounded to a double, unless a kernel says that it is not normalised
    lo : what that lacks, |lo| ≤ ½ ulp(hi)
    """

    hi: float
    lo: float


@jit
def pair(x):
    """Return a double as a double-double."""
    return Pair(x, 0.0)


@jit
def two_sum(a, b):
    """Return the sum a + b of two doubles exactly, its high half fl(a + b)."""
    s = a + b
    v = s - a
    return Pair(s, (a - (s - v)) + (b - v))


@jit
def quick_two_sum(a, b):
    """Return what two_sum does, for doubles with a = 0 or |a| ≥ |b|."""
    s = a + b
    return Pair(s, b - (s - a))


@jit
def product(a, b):
    """Return the product a·b of two doubles exactly (barring underflow)."""
    hi = a * b
    return Pair(hi, fma(a, b, -hi))


@jit
def scaled(a, factor):
    """Return factor·a, exactly for a factor of 0 or ±2ⁿ (barring underflow)."""
    return Pair(factor * a.hi, factor * a.lo)


@jit
def negative(a):
    """Return −a exactly."""
    return Pair(-a.hi, -a.lo)


@jit
def absolute(a):
    """Return |a| exactly."""
    return Pair(abs(a.hi), a.lo if a.hi > 0.0 else -a.lo)


@jit
def is_above(a, x):
    """Tell whether a > x, for a double x."""
    return a.hi > x or (a.hi == x and a.lo > 0.0)


@jit
def add(a, b):
    """Return a + b, relative error 2⁻¹⁰⁴ also where they cancel."""
    s, e = two_sum(a.hi, b.hi)
    t, f = two_sum(a.lo, b.lo)
    s, e = quick_two_sum(s, e + t)
    return quick_two_sum(s, e + f)


@jit
def subtract(a, b):
    """Return a − b, relative error 2⁻¹⁰⁴ also where they cancel."""
    return add(a, negative(b))


@jit
def multiply(a, b):
    """Return a·b, relative error 2⁻¹⁰⁴."""
    hi, lo = product(a.hi, b.hi)
    return quick_two_sum(hi, lo + fma(a.hi, b.lo, a.lo * b.hi))


@jit
def divide(a, b):
    """Return a/b, relative error 2⁻¹⁰³: three digits of long division, in base 2⁵³."""
    first = a.hi / b.hi
    rest = subtract(a, multiply(pair(first), b))
    second = rest.hi / b.hi
    rest = subtract(rest, multiply(pair(second), b))
    q, e = quick_two_sum(first, second)
    return quick_two_sum(q, e + rest.hi / b.hi)


@jit
def root(a):
    """Return √a for a ≥ 0, relative error 2⁻¹⁰³: a Newton step from the double."""
    if a.hi <= 0.0:
        return pair(0.0)
    s = math.sqrt(a.hi)
    rest = subtract(a, product(s, s))
    return quick_two_sum(s, rest.hi / (2.0 * s))
