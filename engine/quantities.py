"""Quantities: one number per point, each a scalar function of a recurrence.

To add a map to critdamp, write one function here with one decorator. Its NumPy ufunc,
its kernels, its variable in files, its `--quantity` choice and its line in `inspect`
follow from that.
"""

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .peaks import peak
from .precise import discriminant, gather, inlined, jit, near, quick_two_sum
from .rates import quick_rate, rate_of
from .regimes import (
    certain_regime,
    edges,
    quick_edges,
    regime_between,
    regime_of,
)
from .settling import settle

_LARGEST = sys.float_info.max


@dataclass(frozen=True, eq=False)
class Quantity:
    """What is known of a quantity beside its numbers.

    Attributes
    ----------
    name : as in options and files
    kernel : (Recurrence) → number, or (Recurrence, tol) → number
    long_name, units, comment : for files; the comment explains special values
    dtype : of the stored array
    best : which end of the range is good, if any is
    worst : which end is the worst over a spectrum, where that lies at kmin or kmax
    needs_tol : whether the kernel takes a tolerance
    narrow : whether it may be stored as float32
    converges : the least and the largest value of a point that converges
    flags : value → meaning, for codes
    streams : whether its kernel is as fast as memory
    quick : a kernel that returns the same or, where it is in doubt, NOT_COMPUTED or NaN
    between : a kernel of two recurrences, for codes: what it returns holds at both and
        for all values of the last parameter between, or is NOT_COMPUTED
    """

    name: str
    kernel: Callable[..., Any]
    long_name: str
    units: str = "1"
    comment: str = ""
    dtype: str = "float64"
    best: Literal["min", "max"] | None = None
    worst: Literal["min", "max"] | None = None
    needs_tol: bool = False
    narrow: bool = True
    converges: tuple[float, float] = (-_LARGEST, _LARGEST)
    flags: Mapping[int, str] = field(default_factory=dict)
    streams: bool = False
    quick: Callable[..., Any] | None = None
    between: Callable[..., Any] | None = None


QUANTITIES: dict[str, Quantity] = {}


def quantity(**known: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a scalar function and enter it among the quantities under its name."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        kernel: Callable[..., Any] = jit(function)
        QUANTITIES[function.__name__] = Quantity(function.__name__, kernel, **known)
        return kernel

    return enter


@quantity(
    long_name="spectral radius",
    comment="largest modulus of the two eigenvalues; the mode diverges above 1",
    best="min",
    worst="max",
    streams=True,
    converges=(0.0, math.nextafter(1.0, 0.0)),
)
def spectral_radius(r):
    """Return ρ = max|λ|, λ² − Tλ + D = 0, within 2 ulp  [Eq. 31, 32].

    The discriminant T² − 4D comes from double-doubles, since doubles lose half of their
    digits at critical damping. One root serves both cases, and nothing branches, so
    that the loop around it becomes vector code.
    """
    hi, lo = gather(r.trace)
    th, tl = quick_two_sum(hi, lo)
    dh, dl = gather(r.determinant)
    disc = discriminant(th, tl, dh, dl)
    real = not disc < 0.0
    size = abs(th)
    rho = 0.5 * ((size if real else 0.0) + math.sqrt(disc if real else 4.0 * dh))
    # beyond, T² overflows, and D/T² is nothing beside 1
    return abs(hi) if abs(hi) > 1e150 else rho


@inlined
def _quick_rate(r):
    return quick_rate(r.trace, r.determinant)


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
    complex ones 1 − ρ = (1 − D)/(1 + √D)  [derived from Eq. 31].
    """
    return rate_of(r.trace, r.determinant)


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
    """Return the code of the regime, from exact signs (Result 3 and Eq. 31).

    −1 divergent (ρ > 1), 0 marginal (ρ = 1), 1 overdamped (real, dominant root > 0),
    2 critical (double root), 3 underdamped (complex pair), 4 alternating (real,
    dominant root < 0, or ±√−D of equal size).
    """
    return regime_of(r.trace, r.determinant)


@quantity(
    long_name="settling time",
    units="iteration",
    comment="smallest t0 with |w_t| <= tol |w_0| for all t >= t0, from rest; "
    "inf = never settles",
    best="min",
    needs_tol=True,
    narrow=False,
)
def settling_time(r, tol):
    """Return the smallest whole t₀ with |w_t| ≤ tol for all t ≥ t₀, w_0 = 1, from rest.

    Exact up to 2⁵³, at a cost that does not grow with the answer; inf if ρ ≥ 1.
    """
    return settle(r.trace, r.determinant, r.first, tol)


@quantity(
    long_name="transient peak",
    comment="largest |w_t| / |w_0| from rest; inf = unbounded",
    best="min",
)
def transient_peak(r):
    """Return sup |w_t| over t ≥ 0, w_0 = 1, from rest: at least 1, inf if divergent."""
    return peak(r.trace, r.determinant, r.first)


@inlined
def _quick_variance(r):
    below, above, gap, plus, known = quick_edges(r.trace, r.determinant)
    value = _variance(r.kick, below, above, gap, plus)
    return value if known else math.nan


@inlined
def _variance(kick, below, above, gap, plus):
    now, before, both = kick
    outside = (below <= 0.0) | (above <= 0.0) | (gap <= 0.0)
    # divisors that are never 0: both branches may be computed, and set no flag
    kicked = both / (1.0 if outside else below) * both * plus - 2.0 * now * before
    variance = kicked / (1.0 if outside else gap * above)
    return math.inf if outside else variance


@quantity(
    long_name="stationary variance",
    quick=_quick_variance,
    comment="variance of w under gradient noise of variance 1; "
    "inf = outside the region of convergence",
    best="min",
)
def noise_variance(r):
    """Return the stationary variance of w under gradient noise of variance 1.

    For noise n₀ξ_t + n₁ξ_{t−1} it is ((n₀+n₁)²(1+D) − 2n₀n₁(1−T+D)) /
    ((1−D)(1−T+D)(1+T+D)), an ARMA(2, 1) process (Box and Jenkins 1970). The heavy ball
    has ε(1+p) / ((1−p) k (2(1+p) − εk)).
    """
    t, d, size, below, above, gap = edges(r.trace, r.determinant)
    plus, _ = near(1.0, 0.0, r.trace, 1.0, r.determinant, t, d, size)
    return _variance(r.kick, below, above, gap, plus)
