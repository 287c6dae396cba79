"""Closed forms for the best learning rate and momentum."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import InputError


@dataclass(frozen=True)
class Tuning:
    """A learning rate and momentum with the convergence that they give.

    Attributes
    ----------
    eps, p : learning rate and momentum
    spectral_radius : the worst one over the spectrum
    rate : −ln of it, per iteration
    """

    eps: float
    p: float
    spectral_radius: float
    rate: float


def polyak(kmin: float, kmax: float) -> Tuning:
    """Return the best constant (ε, p) of the heavy ball for curvatures kmin … kmax.

    ε = 4/(√L+√μ)², p = ((√L−√μ)/(√L+√μ))², ρ = √p, with μ = kmin and L = kmax
    (Polyak 1964). Both ends are then critically damped [Eq. 35] [Eq. 36].

    Parameters
    ----------
    kmin, kmax : finite, 0 < kmin ≤ kmax

    Raises
    ------
    InputError
        The ends are not finite, not positive or in the wrong order.
    """
    if not 0 < kmin <= kmax < math.inf:
        raise InputError(f"{kmin:g} to {kmax:g}; 0 < kmin ≤ kmax < inf is needed", "k")
    small, large = math.sqrt(kmin), math.sqrt(kmax)
    radius = (large - small) / (large + small)
    rate = math.inf if radius == 0 else -math.log1p(-2 * small / (large + small))
    return Tuning(4 / (large + small) ** 2, radius**2, radius, rate)
