"""The regime of a recurrence, decided from exact signs."""

import numpy as np

from ..arithmetic.exact_sums import near
from ..arithmetic.jit import inlined, jit
from ..modes.stability import jury_margins, sign_of_discriminant
from .quantity import NOT_COMPUTED, quantity


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
def regime_of(trace, determinant):
    """Return the code of the regime, see `quantities.regime`."""
    t, d, size, below, above, gap = jury_margins(trace, determinant)
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


@inlined
def _quick_regime(r):
    return certain_regime(r.trace, r.determinant)


@inlined
def _regime_between(r, other):
    return regime_between(r.trace, r.determinant, other.trace, other.determinant)


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
    return regime_of(r.trace, r.determinant)
