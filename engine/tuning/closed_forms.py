"""Closed forms of the optimal learning rate and momentum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from ..arithmetic.decimals import decimals, minus_log
from ..display import Shown
from ..errors import InputError
from ..spectra.cautions import warn_of
from ..spectra.spectrum import Spectrum
from ..typing import Floats
from ..validation import finite


@dataclass(frozen=True, repr=False)
class Tuning(Shown):
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
    (Polyak 1964). The modes at kmin and kmax are critically damped [Eq. 35]. Each
    number is the double next to the exact one, the rate within 2 ulp.

    Parameters
    ----------
    kmin, kmax : finite, 0 < kmin ≤ kmax; or a Spectrum instead of both, for its
        smallest and largest positive k

    Raises
    ------
    InputError
        kmin or kmax is not finite or not positive, kmin > kmax, or ε overflows; a mode
        of the spectrum is negative, or none is positive.

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
    with decimals():
        small, large = Decimal(float(kmin)).sqrt(), Decimal(float(kmax)).sqrt()
        eps = float(4 / (large + small) ** 2)
        radius = (large - small) / (large + small)
        rate = minus_log(radius, 2 * small / (large + small))
        p = float(radius * radius)
    if math.isinf(eps):
        raise InputError(
            f"{kmax:g} given; the learning rate would be above the largest double", "k"
        )
    return Tuning(eps, p, float(radius), rate)


def critical_momentum(eps: npt.ArrayLike, k: npt.ArrayLike) -> Floats:
    """Return the optimal momentum of the heavy ball for one curvature.

    The mode is critically damped at p = (1 − √(εk))²  [Eq. 35], with ρ = |1 − √(εk)|
    [Eq. 36]. The error is below 8 ulp, also next to εk = 1, where p = 0.

    Parameters
    ----------
    eps, k : learning rates and curvatures, which broadcast, with 0 < εk < 4

    Raises
    ------
    InputError
        An εk is outside (0, 4), where no momentum below 1 is critical.
    """
    x, rest = _exact_product(finite("eps", eps), finite("k", k))
    bad = x[~((x > 0.0) & ((x < 4.0) | ((x == 4.0) & (rest < 0.0))))]
    if bad.size:
        raise InputError(f"{bad[0]:.6g} is eps·k; between 0 and 4 works", "eps")
    # 1 − √x = (1 − x)/(1 + √x), where 1 − x is exact wherever it cancels
    momentum: Floats = np.square(((1.0 - x) - rest) / (1.0 + np.sqrt(x)))
    return momentum


def _exact_product(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Return a·b as the sum of two doubles (Dekker 1971), for products in (0, 4)."""
    (a, scale_a), (b, scale_b) = np.frexp(a), np.frexp(b)
    product = a * b
    a_high, b_high = _upper_half(a), _upper_half(b)
    a_low, b_low = a - a_high, b - b_high
    rest = a_high * b_high - product + a_high * b_low + a_low * b_high + a_low * b_low
    scale = scale_a + scale_b
    return np.ldexp(product, scale), np.ldexp(rest, scale)


def _upper_half(x: Floats) -> Floats:
    """Return the upper 26 bits of numbers in [½, 1)."""
    shifted = x * (2.0**27 + 1.0)
    upper: Floats = shifted - (shifted - x)
    return upper
