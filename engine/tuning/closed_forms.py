"""Closed forms of the optimal learning rate and momentum."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..spectra.cautions import warn_of
from ..spectra.spectrum import Spectrum
from ..typing import Floats
from ..validation import finite


@dataclass(frozen=True)
class Tuning:
    """A learning rate and momentum with their rate of convergence.

    Attributes
    ----------
    eps, p : learning rate and momentum
    spectral_radius : the largest ρ over the spectrum
    rate : −ln ρ, per iteration
    """

    eps: float
    p: float
    spectral_radius: float
    rate: float


def polyak(kmin: float | Spectrum, kmax: float | None = None) -> Tuning:
    """Return the optimal constant (ε, p) of the heavy ball for k in [kmin, kmax].

    ε = 4/(√L+√μ)², p = ((√L−√μ)/(√L+√μ))², ρ = √p, with μ = kmin and L = kmax
    (Polyak 1964). The modes at kmin and kmax are critically damped [Eq. 35].

    Parameters
    ----------
    kmin, kmax : finite, 0 < kmin ≤ kmax; or a Spectrum instead of both, for its
        smallest and largest positive k

    Raises
    ------
    InputError
        kmin or kmax is not finite or not positive, or kmin > kmax; a mode of the
        spectrum is negative, or none is positive.

    Warns
    -----
    SpectrumWarning
        kmin or kmax of the spectrum has not converged, or negative modes were left out.
    """
    if isinstance(kmin, Spectrum):
        k = kmin.positive.k
        warn_of(kmin)
        kmin, kmax = float(k[0]), float(k[-1])
    if kmax is None:
        raise InputError("is needed beside kmin", "kmax")
    if not 0 < kmin <= kmax < math.inf:
        raise InputError(f"{kmin:g} to {kmax:g}; 0 < kmin ≤ kmax < inf is needed", "k")
    small, large = math.sqrt(kmin), math.sqrt(kmax)
    radius = (large - small) / (large + small)
    rate = math.inf if radius == 0 else -math.log1p(-2 * small / (large + small))
    return Tuning(4 / (large + small) ** 2, radius**2, radius, rate)


def critical_momentum(eps: npt.ArrayLike, k: npt.ArrayLike) -> Floats:
    """Return the optimal momentum of the heavy ball for one curvature.

    The mode is critically damped at p = (1 − √(εk))²  [Eq. 35], with ρ = |1 − √(εk)|
    [Eq. 36].

    Parameters
    ----------
    eps, k : learning rates and curvatures, which broadcast, with 0 < εk < 4

    Raises
    ------
    InputError
        An εk is outside (0, 4), where no momentum below 1 is critical.
    """
    x = np.multiply(finite("eps", eps), finite("k", k))
    bad = x[~((x > 0.0) & (x < 4.0))]
    if bad.size:
        raise InputError(f"{bad[0]:.6g} is eps·k; between 0 and 4 works", "eps")
    momentum: Floats = np.square(1.0 - np.sqrt(x))
    return momentum
