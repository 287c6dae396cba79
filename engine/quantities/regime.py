"""The regime of a recurrence, decided from exact signs."""

import numpy as np

from ..arithmetic.jit import inlined
from ..modes.stability import (
    jury_margins,
    linear_combination,
    sign_of_discriminant,
    sums_of,
)
from .quantity import NOT_COMPUTED, quantity


@inlined
def _rough_sums(r):
    """Return T, D and 1 + Σ|terms| of both, in doubles."""
    t, d, size = 0.0, 0.0, 1.0
    for i in range(len(r.trace)):
        t += r.trace[i]
        size += abs(r.trace[i])
    for i in range(len(r.determinant)):
        d += r.determinant[i]
        size += abs(r.determinant[i])
    return t, d, size


@inlined
def _quick_regime(r):
    """Return the code where doubles are certain of every sign, else NOT_COMPUTED.

    Their errors are below 1e−14 of the weight of all terms. Nothing branches, so that
    the loop around it becomes vector code.
    """
    t, d, size = _rough_sums(r)
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
def _regime_between(r, other):
    """Return the code of all points between two, NOT_COMPUTED where it is in doubt.

    T and D are affine between them, so that signs at the ends are signs between, and
    T² − 4D lies below its chord by at most a quarter of the square of T's change.
    """
    t, d, size_here = _rough_sums(r)
    u, e, size_there = _rough_sums(other)
    size = size_here + size_there
    doubt = 1e-14 * size
    below, above, gap = 1.0 - t + d, 1.0 + t + d, 1.0 - d
    after, over, rest = 1.0 - u + e, 1.0 + u + e, 1.0 - e
    inside = min(min(below, after), min(above, over), min(gap, rest)) > doubt
    outside = min(max(below, after), max(above, over), max(gap, rest)) < -doubt
    disc, disc_there = t * t - 4.0 * d, u * u - 4.0 * e
    real = min(disc, disc_there) > 0.25 * (u - t) * (u - t) + doubt * size
    swings = max(disc, disc_there) < -doubt * size
    code = np.int8(4) if max(t, u) < -doubt else NOT_COMPUTED
    code = np.int8(1) if min(t, u) > doubt else code
    code = code if real else NOT_COMPUTED
    code = np.int8(3) if swings else code
    code = code if inside else NOT_COMPUTED
    code = np.int8(-1) if outside else code
    # nothing overflows or is NaN
    return code if size < 1e150 else NOT_COMPUTED


@quantity(
    long_name="regime of damping",
    quick=_quick_regime,
    between=_regime_between,
    comment="decided from the exact signs of T^2-4D, 1-T+D, 1+T+D and 1-D",
    dtype="int8",
    converges=(1, 4),
    narrow=False,
    flags={
        -1: "divergent",
        0: "marginal",
        1: "overdamped",
        2: "critical",
        3: "underdamped",
        4: "alternating",
    },
)
def regime(r):
    """Return the code of the regime, from exact signs  [Eq. 31] [Result 3].

    −1 divergent (ρ > 1), 0 marginal (ρ = 1), 1 overdamped (real, dominant root > 0),
    2 critical (double root), 3 underdamped (complex pair), 4 alternating (real,
    dominant root < 0, or ±√−D of equal size).
    """
    sums = sums_of(r)
    below, above, gap = jury_margins(sums)
    if below != below:
        return NOT_COMPUTED
    if not (below >= 0.0 and above >= 0.0 and gap >= 0.0):
        return np.int8(-1)
    if below == 0.0 or above == 0.0 or gap == 0.0:
        return np.int8(0)
    disc = sign_of_discriminant(sums)
    if disc != disc:
        return NOT_COMPUTED
    if disc == 0.0:
        return np.int8(2)
    if disc < 0.0:
        return np.int8(3)
    return (
        np.int8(1) if linear_combination(0.0, 1.0, 0.0, sums).hi > 0.0 else np.int8(4)
    )
