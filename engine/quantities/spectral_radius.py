"""The spectral radius of a recurrence."""

import math

from ..arithmetic.double_double import quick_two_sum
from ..arithmetic.exact_sums import absolute_sum, gather
from ..arithmetic.jit import inlined
from ..modes.stability import discriminant, exact_determinant, exact_trace, is_certain
from .quantity import quantity


@inlined
def _radius(size, t, d, disc):
    """Return max|λ|, given |T|; one root serves both cases."""
    real = not disc < 0.0
    rho = 0.5 * ((abs(t.hi) if real else 0.0) + math.sqrt(disc if real else 4.0 * d.hi))
    # beyond, T² overflows, and D/T² is nothing beside 1
    return size if size > 1e150 else rho


@inlined
def _quick_radius(r):
    """Return max|λ|, NaN where T or the discriminant cancels too far for its digits."""
    hi, lo = gather(r.trace)
    t, d = quick_two_sum(hi, lo), gather(r.determinant)
    # of so few terms T is the sum of two doubles where it cancels, without an error
    if len(r.determinant) == 1 and len(r.trace) <= 4:
        return _radius(abs(hi), t, d, discriminant(t, d))
    d = quick_two_sum(d.hi, d.lo)
    disc = discriminant(t, d)
    size = 1.0 + absolute_sum(r.trace) + absolute_sum(r.determinant)
    rho = _radius(abs(hi), t, d, disc)
    return rho if is_certain(t.hi, disc, size) else math.nan


@quantity(
    long_name="spectral radius",
    quick=_quick_radius,
    comment="largest modulus of the two eigenvalues; the mode diverges above 1",
    best="min",
    worst="max",
    streams=True,
    converges=(0.0, math.nextafter(1.0, 0.0)),
)
def spectral_radius(r):
    """Return ρ = max|λ|, λ² − Tλ + D = 0, within 2 ulp  [Eq. 31] [Eq. 32].

    The discriminant T² − 4D comes from double-doubles, since doubles lose half of their
    digits at critical damping.
    """
    rho = _quick_radius(r)
    if rho == rho:
        return rho
    t, d = exact_trace(r), exact_determinant(r)
    return _radius(abs(t.hi), t, d, discriminant(t, d))
