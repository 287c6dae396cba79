"""The regime of a recurrence, decided from exact signs."""

import numpy as np

from .precise import combine, fma, jit, product, total, two_sum

NOT_COMPUTED = np.int8(-128)


@jit
def _sign_of_sum(terms):
    """Return the sign of the exact sum; the terms are overwritten.

    Error-free passes of two-sums (Ogita, Rump and Oishi 2005) until the last element
    outweighs all the others together.
    """
    n = terms.size
    while True:
        rest = 0.0
        for i in range(1, n):
            terms[i], terms[i - 1] = two_sum(terms[i], terms[i - 1])
            rest += abs(terms[i - 1])
        if rest == 0.0 or abs(terms[n - 1]) > 2.0 * rest:
            return np.sign(terms[n - 1])


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
    return _sign_of_sum(terms)


@jit
def sign_of_discriminant(trace, determinant):
    """Return the sign of T² − 4D, exactly: −1, 0 or 1."""
    th, tl = combine(0.0, 1.0, trace, 0.0, determinant)
    dh, dl = combine(0.0, 0.0, trace, 1.0, determinant)
    disc = fma(2.0 * th, tl, fma(th, th, -4.0 * dh)) - 4.0 * dl
    if abs(disc) > 1e-27 * (th * th + 4.0 * abs(dh)):
        return np.sign(disc)
    return _exact_sign_of_discriminant(trace, determinant)


@jit
def regime_of(trace, determinant):
    """Return the code of the regime, see `quantities.regime`."""
    below, _ = combine(1.0, -1.0, trace, 1.0, determinant)
    above, _ = combine(1.0, 1.0, trace, 1.0, determinant)
    gap, _ = combine(1.0, 0.0, trace, -1.0, determinant)
    if below != below:
        return NOT_COMPUTED
    if not (below >= 0.0 and above >= 0.0 and gap >= 0.0):
        return np.int8(-1)
    if below == 0.0 or above == 0.0 or gap == 0.0:
        return np.int8(0)
    disc = sign_of_discriminant(trace, determinant)
    if disc == 0.0:
        return np.int8(2)
    if disc < 0.0:
        return np.int8(3)
    return np.int8(1) if total(trace)[0] > 0.0 else np.int8(4)
