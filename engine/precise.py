"""Double-double arithmetic: a number as an unevaluated sum high + low of two doubles.

The error-free steps are Knuth's two-sum and the product with a fused multiply-add
(Dekker 1971; Ogita, Rump and Oishi 2005). A pair carries about 106 bits. Everything
here is a Numba kernel that is inlined where it is used: floats in, floats out.
"""

import math

import numba
import numpy as np

from .intrinsics import fma

# error_model="numpy": a division by zero is inf or nan, as IEEE says, not an exception.
# No fastmath: it would cancel the very terms that carry the low halves.
jit = numba.njit(error_model="numpy", nogil=True)
# For sums alone: their terms may be added in lanes, in an order that the compiler
# chooses once; NaN and inf keep their meaning.
summing = numba.njit(error_model="numpy", nogil=True, fastmath={"reassoc"})
# for what is long and stands in a loop that is to become vector code
inlined = numba.njit(error_model="numpy", nogil=True, forceinline=True)

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
def gather(terms):
    """Return the sum of a tuple of doubles as high and low, not yet normalised.

    The error is about 2⁻¹⁰⁵ Σ|terms|. The last term should be the one that varies
    fastest in a loop around the call: what is before it is then computed once. The high
    one is infinite where a term is, and the low one then has no meaning.
    """
    hi, lo = terms[0], 0.0
    for i in range(1, len(terms)):
        hi, lo = quick_two_sum(hi, lo if lo == lo else 0.0)
        hi, e = two_sum(hi, terms[i])
        lo += e
    return hi, lo


@jit
def total(terms):
    """Return the sum of a tuple of doubles as a pair, error about 2⁻¹⁰⁵ Σ|terms|."""
    hi, lo = gather(terms)
    return quick_two_sum(hi, lo if lo == lo else 0.0)


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


@jit
def discriminant(th, tl, dh, dl):
    """Return T² − 4D of two pairs as a double."""
    return fma(2.0 * th, tl, fma(th, th, -4.0 * dh)) - 4.0 * dl


@jit
def combine(c, s, trace, d, determinant):
    """Return the pair c + s·Σtrace + d·Σdeterminant, for s and d in 0, ±1, ±2.

    Its relative error is about 2⁻¹⁰⁰, however much the terms cancel, and an exact zero
    is zero: three running sums (Klein 2006) have an error of 2⁻¹⁵⁹ Σ|terms|, and where
    that is too much, the sum is distilled. An infinite sum has the low half 0.
    """
    sums, size = (c, 0.0, 0.0), abs(c)
    for i in range(len(trace)):
        sums = _accumulate(sums, s * trace[i])
        size += abs(s * trace[i])
    for i in range(len(determinant)):
        sums = _accumulate(sums, d * determinant[i])
        size += abs(d * determinant[i])
    if not abs(sums[0]) < math.inf:
        return sums[0], 0.0
    hi, lo = two_sum(sums[0], sums[1])
    hi, lo = quick_two_sum(hi, lo + sums[2])
    if abs(hi) > 1e-16 * size or hi == size:
        return hi, lo
    return _distilled_combination(c, s, trace, d, determinant)


@jit
def _distilled_combination(c, s, trace, d, determinant):
    """Return what `combine` does, at any price."""
    n = len(trace)
    terms = np.empty(1 + n + len(determinant))
    terms[0] = c
    for i in range(n):
        terms[1 + i] = s * trace[i]
    for i in range(len(determinant)):
        terms[1 + n + i] = d * determinant[i]
    return distil(terms)


@jit
def distil(terms):
    """Return the exact sum of an array as a pair; the terms are overwritten.

    Error-free passes of two-sums (Ogita, Rump and Oishi 2005) until the last element
    outweighs all the others together by far. NaN where a term is not finite.
    """
    n = terms.size
    while True:
        rest, size = 0.0, 0.0
        for i in range(1, n):
            terms[i], terms[i - 1] = two_sum(terms[i], terms[i - 1])
        for i in range(n - 1):
            rest += terms[i]
            size += abs(terms[i])
        if not size < math.inf:
            return math.nan, 0.0
        if size == 0.0 or abs(terms[n - 1]) > 2.0**50 * size:
            return quick_two_sum(terms[n - 1], rest)


@jit
def weight(terms):
    """Return Σ|terms|, against which the error of their sum is measured."""
    size = 0.0
    for i in range(len(terms)):
        size += abs(terms[i])
    return size


@jit
def near(c, s, trace, d, determinant, t, e, size):
    """Return the pair `combine` returns, relative error 2⁻⁵⁶, mostly for less.

    Where the sums t of the trace and e of the determinant hardly cancel, they serve.
    `size` is 1 and the weight of all terms.
    """
    hi, lo = add(s * t[0], s * t[1], d * e[0], d * e[1])
    hi, lo = add(c, 0.0, hi, lo)
    if abs(hi) > 1e-14 * size:
        return hi, lo
    return combine(c, s, trace, d, determinant)


@inlined
def with_positive_trace(trace, determinant):
    """Return T and D as pairs, what sign makes T ≥ 0, and the weight of all terms."""
    t, d = total(trace), total(determinant)
    size = 1.0 + weight(trace) + weight(determinant)
    sign = -1.0 if t[0] < 0.0 else 1.0
    return t, d, sign, size


@inlined
def quick_gaps(th, tl, d, size):
    """Return 2 − T, 1 − T + D and 1 − D as pairs, T ≥ 0, and whether digits are left.

    The sums are in the order of `near`, for the same bits.
    """
    g = add(2.0, 0.0, -th, -tl)
    m = add(-th, -tl, d[0], d[1])
    m = add(1.0, 0.0, m[0], m[1])
    u = add(1.0, 0.0, -d[0], -d[1])
    doubt = 1e-14 * size
    known = (abs(g[0]) > doubt) & (abs(m[0]) > doubt) & (abs(u[0]) > doubt)
    return g, m, u, known


@jit
def gaps(trace, determinant, t, d, sign, size):
    """Return what `quick_gaps` does, of sums that may cancel as far as they like."""
    g = near(2.0, -sign, trace, 0.0, determinant, t, d, size)
    m = near(1.0, -sign, trace, 1.0, determinant, t, d, size)
    u = near(1.0, 0.0, trace, -1.0, determinant, t, d, size)
    return g, m, u


@jit
def _accumulate(sums, term):
    """Return the three running sums with one more term in them."""
    hi, e = two_sum(sums[0], term)
    lo, e = two_sum(sums[1], e)
    return hi, lo, sums[2] + e
