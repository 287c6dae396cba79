"""The regime of a recurrence, decided from exact signs."""

import numpy as np

from .precise import (
    add,
    discriminant,
    distil,
    inlined,
    jit,
    near,
    product,
    total,
    weight,
)

NOT_COMPUTED = np.int8(-128)


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


@inlined
def _rough(trace, determinant):
    """Return T, D and 1 and the weight of all terms, in doubles."""
    t, d, size = 0.0, 0.0, 1.0
    for i in range(len(trace)):
        t += trace[i]
        size += abs(trace[i])
    for i in range(len(determinant)):
        d += determinant[i]
        size += abs(determinant[i])
    return t, d, size


@inlined
def certain_regime(trace, determinant):
    """Return the code where doubles are certain of every sign, else NOT_COMPUTED.

    Their errors are below 1e−14 of the weight of all terms. Nothing branches, so that
    the loop around it becomes vector code.
    """
    t, d, size = _rough(trace, determinant)
    doubt = 1e-14 * size
    below, above, gap = 1.0 - t + d, 1.0 + t + d, 1.0 - d
    disc = t * t - 4.0 * d
    known = (abs(below) > doubt) & (abs(above) > doubt) & (abs(gap) > doubt)
    outside = (below < 0.0) | (above < 0.0) | (gap < 0.0)
    known &= outside | ((abs(disc) > doubt * size) & (abs(t) > doubt))
    real = np.int8(1) if t > 0.0 else np.int8(4)
    code = np.int8(3) if disc < 0.0 else real
    code = np.int8(-1) if outside else code
    return code if known else NOT_COMPUTED


@inlined
def regime_between(trace, determinant, other_trace, other_determinant):
    """Return the code of all points between two, NOT_COMPUTED where it is in doubt.

    T and D are affine between them, so that signs at the ends are signs between, and
    T² − 4D lies below its chord by at most a quarter of the square of T's change.
    """
    t, d, weight_here = _rough(trace, determinant)
    u, e, weight_there = _rough(other_trace, other_determinant)
    size = weight_here + weight_there
    doubt = 1e-14 * size
    below, above, gap = 1.0 - t + d, 1.0 + t + d, 1.0 - d
    after, over, rest = 1.0 - u + e, 1.0 + u + e, 1.0 - e
    inside = min(min(below, after), min(above, over), min(gap, rest)) > doubt
    outside = min(max(below, after), max(above, over), max(gap, rest)) < -doubt
    disc, other = t * t - 4.0 * d, u * u - 4.0 * e
    real = min(disc, other) > 0.25 * (u - t) * (u - t) + doubt * size
    swings = max(disc, other) < -doubt * size
    code = np.int8(4) if max(t, u) < -doubt else NOT_COMPUTED
    code = np.int8(1) if min(t, u) > doubt else code
    code = code if real else NOT_COMPUTED
    code = np.int8(3) if swings else code
    code = code if inside else NOT_COMPUTED
    code = np.int8(-1) if outside else code
    # nothing overflows or is NaN
    return code if size < 1e150 else NOT_COMPUTED


@jit
def edges(trace, determinant):
    """Return T and D as pairs, the weight of all terms, and how far the edges are.

    ρ < 1 exactly where 1 − T + D, 1 + T + D and 1 − D are positive; their signs are
    exact. The weight has a 1 for the one in each of them.
    """
    t, d = total(trace), total(determinant)
    size = 1.0 + weight(trace) + weight(determinant)
    below, _ = near(1.0, -1.0, trace, 1.0, determinant, t, d, size)
    above, _ = near(1.0, 1.0, trace, 1.0, determinant, t, d, size)
    gap, _ = near(1.0, 0.0, trace, -1.0, determinant, t, d, size)
    return t, d, size, below, above, gap


@inlined
def quick_edges(trace, determinant):
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


@jit
def regime_of(trace, determinant):
    """Return the code of the regime, see `quantities.regime`."""
    t, d, size, below, above, gap = edges(trace, determinant)
    if below != below:
        return NOT_COMPUTED
    if not (below >= 0.0 and above >= 0.0 and gap >= 0.0):
        return np.int8(-1)
    if below == 0.0 or above == 0.0 or gap == 0.0:
        return np.int8(0)
    disc = sign_of_discriminant(trace, determinant, t, d, size)
    if disc != disc:
        return NOT_COMPUTED
    if disc == 0.0:
        return np.int8(2)
    if disc < 0.0:
        return np.int8(3)
    th, _ = near(0.0, 1.0, trace, 0.0, determinant, t, d, size)
    return np.int8(1) if th > 0.0 else np.int8(4)
