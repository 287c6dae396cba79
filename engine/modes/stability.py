"""Stability of a recurrence: its discriminant and its Jury margins."""

import numpy as np

from ..arithmetic.double_double import add, product
from ..arithmetic.exact_sums import distil, near, total, weight
from ..arithmetic.intrinsics import fma
from ..arithmetic.jit import inlined, jit


@jit
def discriminant(th, tl, dh, dl):
    """Return T² − 4D of two pairs as a double."""
    return fma(2.0 * th, tl, fma(th, th, -4.0 * dh)) - 4.0 * dl


@inlined
def with_positive_trace(trace, determinant):
    """Return T and D as pairs, what sign makes T ≥ 0, and the weight of all terms."""
    t, d = total(trace), total(determinant)
    size = 1.0 + weight(trace) + weight(determinant)
    sign = -1.0 if t[0] < 0.0 else 1.0
    return t, d, sign, size


@inlined
def quick_folded_margins(th, tl, d, size):
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
def folded_margins(trace, determinant, t, d, sign, size):
    """Return what `quick_folded_margins` does, however far the sums cancel."""
    g = near(2.0, -sign, trace, 0.0, determinant, t, d, size)
    m = near(1.0, -sign, trace, 1.0, determinant, t, d, size)
    u = near(1.0, 0.0, trace, -1.0, determinant, t, d, size)
    return g, m, u


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
    return np.sign(distil(terms)[0])


@jit
def sign_of_discriminant(trace, determinant, t, d, size):
    """Return the sign of T² − 4D, exactly: −1, 0 or 1.

    Parameters
    ----------
    trace, determinant : tuples whose exact sums are T and D
    t, d : those sums as pairs
    size : 1 and the weight of all terms
    """
    disc = discriminant(t[0], t[1], d[0], d[1])
    if abs(disc) > 1e-26 * size * size:
        return np.sign(disc)
    return _exact_sign_of_discriminant(trace, determinant)


@jit
def jury_margins(trace, determinant):
    """Return T and D as pairs, the weight of all terms, and how far the edges are.

    ρ < 1 exactly where 1 − T + D, 1 + T + D and 1 − D are positive  [Result 3]. Their
    signs are exact. The weight has a 1 for the one in each of them.
    """
    t, d = total(trace), total(determinant)
    size = 1.0 + weight(trace) + weight(determinant)
    below, _ = near(1.0, -1.0, trace, 1.0, determinant, t, d, size)
    above, _ = near(1.0, 1.0, trace, 1.0, determinant, t, d, size)
    gap, _ = near(1.0, 0.0, trace, -1.0, determinant, t, d, size)
    return t, d, size, below, above, gap


@inlined
def quick_jury_margins(trace, determinant):
    """Return 1 − T + D, 1 + T + D, 1 − D and 1 + D, and whether they are known.

    Nothing branches. Where they are known, they are the bits that `near` returns.
    """
    t, d = total(trace), total(determinant)
    doubt = 1e-14 * (1.0 + weight(trace) + weight(determinant))
    below = add(-t[0], -t[1], d[0], d[1])
    below = add(1.0, 0.0, below[0], below[1])
    above = add(t[0], t[1], d[0], d[1])
    above = add(1.0, 0.0, above[0], above[1])
    gap = add(1.0, 0.0, -d[0], -d[1])
    plus = add(1.0, 0.0, d[0], d[1])
    known = (abs(below[0]) > doubt) & (abs(above[0]) > doubt)
    known &= (abs(gap[0]) > doubt) & (abs(plus[0]) > doubt)
    return below[0], above[0], gap[0], plus[0], known
