"""Sums of doubles without rounding errors that matter, however far they cancel."""

import math

import numpy as np

from .double_double import Pair, add, pair, quick_two_sum, two_sum
from .jit import jit


@jit
def gather(terms):
    """Return the sum of a tuple of doubles as high and low half, not yet normalised.

    The error is about 2⁻¹⁰⁵ Σ|terms|. The last term should be the one that varies
    fastest in a loop around the call: what is before it is then computed once. The high
    half is infinite where a term is, and the low one then has no meaning.
    """
    hi, lo = terms[0], 0.0
    for i in range(1, len(terms)):
        hi, lo = quick_two_sum(hi, lo if lo == lo else 0.0)
        hi, e = two_sum(hi, terms[i])
        lo += e
    return Pair(hi, lo)


@jit
def total(terms):
    """Return the sum of a tuple of doubles, error about 2⁻¹⁰⁵ Σ|terms|."""
    hi, lo = gather(terms)
    return quick_two_sum(hi, lo if lo == lo else 0.0)


@jit
def exact_linear_combination(c, s, trace, d, determinant):
    """Return c + s·Σtrace + d·Σdeterminant, for s and d in 0, ±1, ±2.

    Its relative error is about 2⁻¹⁰⁵, however much the terms cancel, and an exact zero
    is zero: three running sums (Klein 2006) have an error of some 2⁻¹⁵⁵ Σ|terms|, and
    where that is too much, the sum is distilled. An infinite sum has the low half 0.

    Parameters
    ----------
    c, s, d : doubles
    trace, determinant : tuples of doubles
    """
    sums, size = (c, 0.0, 0.0), abs(c)
    # an infinite term that does not count would be 0·inf
    if s != 0.0:
        for i in range(len(trace)):
            sums = _accumulate(sums, s * trace[i])
            size += abs(s * trace[i])
    if d != 0.0:
        for i in range(len(determinant)):
            sums = _accumulate(sums, d * determinant[i])
            size += abs(d * determinant[i])
    if not abs(sums[0]) < math.inf:
        return pair(sums[0])
    high = two_sum(sums[0], sums[1])
    whole = quick_two_sum(high.hi, high.lo + sums[2])
    if abs(whole.hi) > 1e-15 * size or whole.hi == size:
        return whole
    return _distilled_combination(c, s, trace, d, determinant)


@jit
def _distilled_combination(c, s, trace, d, determinant):
    """Return what `exact_linear_combination` does, at any price."""
    n = len(trace)
    terms = np.empty(1 + n + len(determinant))
    terms[0] = c
    for i in range(n):
        terms[1 + i] = s * trace[i] if s != 0.0 else 0.0
    for i in range(len(determinant)):
        terms[1 + n + i] = d * determinant[i] if d != 0.0 else 0.0
    return distil(terms)


@jit
def distil(terms):
    """Return the exact sum of an array of doubles; the terms are overwritten.

    Error-free passes of two-sums (Ogita, Rump and Oishi 2005) until the last element
    outweighs all the others together by far. NaN where a term is not finite.
    """
    n = terms.size
    while True:
        rest, size = pair(0.0), 0.0
        for i in range(1, n):
            terms[i], terms[i - 1] = two_sum(terms[i], terms[i - 1])
        for i in range(n - 1):
            rest = add(rest, pair(terms[i]))
            size += abs(terms[i])
        if not size < math.inf:
            return pair(math.nan)
        if size == 0.0 or abs(terms[n - 1]) > 2.0**50 * size:
            return add(pair(terms[n - 1]), rest)


@jit
def absolute_sum(terms):
    """Return Σ|terms| of a tuple of doubles, which bounds the error of their sum."""
    size = 0.0
    for i in range(len(terms)):
        size += abs(terms[i])
    return size


@jit
def _accumulate(sums, term):
    """Return the three running sums with one more term in them."""
    hi, e = two_sum(sums[0], term)
    lo, e = two_sum(sums[1], e)
    return hi, lo, sums[2] + e
