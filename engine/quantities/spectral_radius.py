"""The spectral radius of a recurrence."""

import math

from ..arithmetic.double_double import quick_two_sum
from ..arithmetic.exact_sums import gather
from ..modes.stability import discriminant
from .quantity import quantity


@quantity(
    long_name="spectral radius",
    comment="largest modulus of the two eigenvalues; the mode diverges above 1",
    best="min",
    worst="max",
    streams=True,
    converges=(0.0, math.nextafter(1.0, 0.0)),
)
def spectral_radius(r):
    """Return ρ = max|λ|, λ² − Tλ + D = 0, within 2 ulp  [Eq. 31] [Eq. 32].

    The discriminant T² − 4D comes from double-doubles, since doubles lose half of their
    digits at critical damping. One root serves both cases, and nothing branches, so
    that the loop around it becomes vector code.
    """
    hi, lo = gather(r.trace)
    t, d = quick_two_sum(hi, lo), gather(r.determinant)
    disc = discriminant(t, d)
    real = not disc < 0.0
    size = abs(t.hi)
    rho = 0.5 * ((size if real else 0.0) + math.sqrt(disc if real else 4.0 * d.hi))
    # beyond, T² overflows, and D/T² is nothing beside 1
    return abs(hi) if abs(hi) > 1e150 else rho
