"""Double-double arithmetic: a number as an unevaluated sum high + low of two doubles.

The error-free steps are Knuth's two-sum and the product with a fused multiply-add
(Dekker 1971; Ogita, Rump and Oishi 2005). A pair carries about 106 bits. Everything
here is a Numba kernel that is inlined where it is used: floats in, floats out.
"""

import math

from .intrinsics import fma
from .jit import jit

EPS = 2.220446049250313e-16
# beyond, doubles do not tell whole numbers apart
FAR = 2.0**53


@jit
def two_sum(a, b):
    """Return s, e with s = fl(a + b) and s + e = a + b exactly."""
    s = a + b
    v = s - a
    return s, (a - (s - v)) + (b - v)


@jit
def quick_two_sum(a, b):
    """Return s, e as two_sum does, where a = 0 or |a| ≥ |b|."""
    s = a + b
    return s, b - (s - a)


@jit
def product(a, b):
    """Return h, l with h = fl(a·b) and h + l = a·b exactly (barring underflow)."""
    hi = a * b
    return hi, fma(a, b, -hi)


@jit
def add(ah, al, bh, bl):
    """Return the pair a + b, relative error 2⁻¹⁰⁴ also where they cancel."""
    s, e = two_sum(ah, bh)
    t, f = two_sum(al, bl)
    s, e = quick_two_sum(s, e + t)
    return quick_two_sum(s, e + f)


@jit
def multiply(ah, al, bh, bl):
    """Return the pair a·b, relative error 2⁻¹⁰⁴."""
    hi, lo = product(ah, bh)
    return quick_two_sum(hi, lo + fma(ah, bl, al * bh))


@jit
def divide(ah, al, bh, bl):
    """Return the pair a/b, relative error 2⁻¹⁰³."""
    q = ah / bh
    hi, lo = multiply(q, 0.0, bh, bl)
    rh, rl = add(ah, al, -hi, -lo)
    r = rh / bh
    hi, lo = multiply(r, 0.0, bh, bl)
    rh, _ = add(rh, rl, -hi, -lo)
    q, e = quick_two_sum(q, r)
    return quick_two_sum(q, e + rh / bh)


@jit
def root(ah, al):
    """Return the pair √a for a ≥ 0, relative error 2⁻¹⁰³."""
    if ah <= 0.0:
        return 0.0, 0.0
    s = math.sqrt(ah)
    hi, lo = product(s, s)
    rh, _ = add(ah, al, -hi, -lo)
    return quick_two_sum(s, rh / (2.0 * s))
