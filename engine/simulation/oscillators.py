"""Continuous time: the exact motion of damped oscillators.

m w″ + μ w′ = −k w for each mode [Eq. 16], w = 1 and w′ = 0 at t = 0. The solution is
written with even functions of √|μ² − 4mk|, hence without cancellation near critical
damping. This root is computed from exact products.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import prange

from ..arithmetic.double_double import (
    Pair,
    multiply,
    pair,
    product,
    root,
    scaled,
    subtract,
)
from ..arithmetic.elementary import PI
from ..arithmetic.intrinsics import fma
from ..arithmetic.jit import jit
from ..backends.compile import cached
from ..backends.threads import on_threads
from ..display import Shown
from ..errors import InputError
from ..spectra.spectrum import Spectrum, require_spectrum
from ..typing import Floats
from .physical_analogy import MOST, check_constants

TWO_PI = Pair(2.0 * PI.hi, 2.0 * PI.lo)
# modes of a partial sum; the order of summation does not depend on threads
_BLOCK = 4096


@dataclass(frozen=True, eq=False, repr=False)
class Energies(Shown):
    """The energies of the oscillators of a spectrum at given times.

    Attributes
    ----------
    times : (n,) increasing
    potential : (n,) ½ Σ weight · displacement · k w², the loss above its minimum
    kinetic : (n,) ½ m Σ weight · displacement · w′²
    distance : (n,) √(Σ weight · displacement · w²)
    """

    times: Floats
    potential: Floats
    kinetic: Floats
    distance: Floats

    @property
    def total(self) -> Floats:
        """Return potential + kinetic, which does not increase in time  [Eq. 9].

        It is NaN where a mode with negative k overflows.
        """
        return self.potential + self.kinetic


@jit
def _wave(omega, t):
    """Return cos ωt and sin ωt for a double-double ω, accurate for large ωt."""
    phase = multiply(pair(t), omega)
    turns = np.round(phase.hi / TWO_PI.hi)
    rest = fma(-turns, TWO_PI.hi, phase.hi) + (phase.lo - turns * TWO_PI.lo)
    return math.cos(rest), math.sin(rest)


@jit
def _motion(mass, friction, k, t):
    """Return w and w′ at a time t  [Eq. 19] [Eq. 20].

    For m = 0 it is w = e^{−kt/μ}  [Eq. 17] [Eq. 18].
    """
    if mass == 0.0:
        w = math.exp(-k / friction * t)
        return w, -k / friction * w
    half, stiffness = friction / (2.0 * mass), k / mass
    disc = subtract(product(friction, friction), product(4.0 * mass, k))
    sign = -1.0 if disc.hi < 0.0 else 1.0
    omega = root(scaled(disc, sign))
    s = 0.5 * omega.hi / mass
    if s == 0.0 or t == 0.0:
        decay = math.exp(-half * t)
        return decay * (1.0 + half * t), -stiffness * t * decay
    if sign < 0.0:
        cosine, sine = _wave(Pair(s, 0.5 * omega.lo / mass), t)
        decay, ratio = math.exp(-half * t), sine / s
        return decay * (cosine + half * ratio), -stiffness * ratio * decay
    decay = math.exp(-stiffness / (half + s) * t)
    difference = -math.expm1(-2.0 * s * t)
    ratio = 0.5 * difference / s
    w = decay * (1.0 - 0.5 * difference + half * ratio)
    return w, -stiffness * ratio * decay


def _sums_of_blocks(mass, friction, k, coefficients, times, sums):
    """Write Σ c·k·w², Σ c·w′² and Σ c·w² of each time and block, (t, b, 3)."""
    blocks = sums.shape[1]
    for index in prange(times.size * blocks):
        row, block = index // blocks, index % blocks
        potential, kinetic, square = 0.0, 0.0, 0.0
        for i in range(block * _BLOCK, min((block + 1) * _BLOCK, k.size)):
            w, velocity = _motion(mass, friction, k[i], times[row])
            potential += coefficients[i] * k[i] * w * w
            kinetic += coefficients[i] * velocity * velocity
            square += coefficients[i] * w * w
        sums[row, block, 0] = potential
        sums[row, block, 1] = kinetic
        sums[row, block, 2] = square


_write_sums = cached(_sums_of_blocks, parallel=True)


def simulate_continuous(
    spectrum: Spectrum,
    mass: float,
    friction: float,
    times: npt.ArrayLike,
    *,
    threads: int | None = None,
) -> Energies:
    """Return the energies of the oscillators of a spectrum, from their exact motion.

    m w″ + μ w′ = −k w [Eq. 15] [Eq. 16], w = 1 and w′ = 0 at t = 0.

    Parameters
    ----------
    spectrum : curvatures, weights and displacements
    mass, friction : m ≥ 0 and μ ≥ 0, not both 0, within 1e±100
    times : (n,) finite, increasing, ≥ 0
    threads : number of threads, by default all; the bits do not depend on it

    Returns
    -------
    Energies, arrays of shape (n,); where a mode with negative k overflows, the
    potential is −inf, the others inf

    Raises
    ------
    InputError
        Mass, friction or times are not as above, or |k| is not 0 and outside 1e±100.
    """
    check_constants(mass=mass, friction=friction)
    t = np.array(times, dtype=np.float64).ravel()
    if not (t.size and np.isfinite(t).all() and t[0] >= 0.0 and (np.diff(t) > 0).all()):
        raise InputError("finite, increasing numbers ≥ 0 are needed", "times")
    require_spectrum(spectrum)
    coefficients = np.asarray(spectrum.weights) * np.asarray(spectrum.displacement)
    # modes with coefficient 0 stay at w = 1, so that they cannot overflow
    k = np.where(coefficients > 0.0, spectrum.k, 0.0)
    sizes = np.abs(k[k != 0.0])
    if sizes.size and not 1.0 / MOST <= sizes.min() <= sizes.max() <= MOST:
        raise InputError(
            f"|k| from {sizes.min():g} to {sizes.max():g}; 0, or from {1 / MOST:g} to "
            f"{MOST:g}, is needed",
            "k",
        )
    sums = np.empty((t.size, -(-len(spectrum) // _BLOCK), 3))
    with on_threads(threads):
        _write_sums(float(mass), float(friction), k, coefficients, t, sums)
    potential, kinetic, square = np.cumsum(sums, axis=1)[:, -1].T
    return Energies(t, 0.5 * potential, 0.5 * mass * kinetic, np.sqrt(square))
