"""Continuous time: damped oscillators, and how they correspond to (ε, p).

m w″ + μ w′ = −k w for each mode [Eq. 16], from rest at w = 1. The motion is written
with functions of √|μ² − 4mk| that are even in it, so that nothing happens at critical
damping, and this number comes from exact products.
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
from ..errors import InputError
from ..spectra.spectrum import Spectrum
from ..typing import Floats
from .physical_analogy import MOST, check_constants

TWO_PI = Pair(2.0 * PI.hi, 2.0 * PI.lo)
# modes are added up by so many, in an order that no number of threads changes
_TOGETHER = 4096


@dataclass(frozen=True, eq=False)
class Energies:
    """What a spectrum's oscillators have at given times.

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
        """Return both energies, whose sum never increases  [Eq. 9].

        NaN where a mode with negative k has grown beyond the largest double.
        """
        return self.potential + self.kinetic


@jit
def _wave(omega, t):
    """Return cos ωt and sin ωt, for a double-double ω: the phase keeps its digits."""
    phase = multiply(pair(t), omega)
    turns = np.round(phase.hi / TWO_PI.hi)
    rest = fma(-turns, TWO_PI.hi, phase.hi) + (phase.lo - turns * TWO_PI.lo)
    return math.cos(rest), math.sin(rest)


@jit
def _motion(mass, friction, k, t):
    """Return w and w′ at a time t, from both eigenvalues  [Eq. 19] [Eq. 20].

    Without mass w = e^{−kt/μ}  [Eq. 17] [Eq. 18].
    """
    if mass == 0.0:
        w = math.exp(-k / friction * t)
        return w, -k / friction * w
    half, pull = friction / (2.0 * mass), k / mass
    disc = subtract(product(friction, friction), product(4.0 * mass, k))
    sign = -1.0 if disc.hi < 0.0 else 1.0
    omega = root(scaled(disc, sign))
    s = 0.5 * omega.hi / mass
    if s == 0.0 or t == 0.0:
        fall = math.exp(-half * t)
        return fall * (1.0 + half * t), -pull * t * fall
    if sign < 0.0:
        cosine, sine = _wave(Pair(s, 0.5 * omega.lo / mass), t)
        fall, slope = math.exp(-half * t), sine / s
        return fall * (cosine + half * slope), -pull * slope * fall
    fall = math.exp(-pull / (half + s) * t)
    gone = -math.expm1(-2.0 * s * t)
    slope = 0.5 * gone / s
    return fall * (1.0 - 0.5 * gone + half * slope), -pull * slope * fall


def _sums_of_blocks(mass, friction, k, coefficients, times, sums):
    blocks = sums.shape[1]
    for place in prange(times.size * blocks):
        row, block = place // blocks, place % blocks
        potential, kinetic, square = 0.0, 0.0, 0.0
        for i in range(block * _TOGETHER, min((block + 1) * _TOGETHER, k.size)):
            w, speed = _motion(mass, friction, k[i], times[row])
            potential += coefficients[i] * k[i] * w * w
            kinetic += coefficients[i] * speed * speed
            square += coefficients[i] * w * w
        sums[row, block, 0] = potential
        sums[row, block, 1] = kinetic
        sums[row, block, 2] = square


_run = cached(_sums_of_blocks, parallel=True)


def simulate_continuous(
    spectrum: Spectrum,
    mass: float,
    friction: float,
    times: npt.ArrayLike,
    *,
    threads: int | None = None,
) -> Energies:
    """Return the energies of a spectrum's oscillators, from their exact motion.

    m w″ + μ w′ = −k w [Eq. 15] [Eq. 16], w = 1 and w′ = 0 at t = 0.

    Parameters
    ----------
    spectrum : curvatures, weights and displacements
    mass, friction : m ≥ 0 and μ ≥ 0, not both 0, within 1e±100
    times : (n,) increasing, not below 0
    threads : as for `sweep`; they change no bit

    Returns
    -------
    Energies, each array of the length of times; infinite where a mode with negative k
    has grown beyond the largest double, its potential below all bounds

    Raises
    ------
    InputError
        Mass, friction or times are not as above, or a k is beyond 1e±100.
    """
    check_constants(mass=mass, friction=friction)
    t = np.array(times, dtype=np.float64).ravel()
    if not (t.size and np.isfinite(t).all() and t[0] >= 0.0 and (np.diff(t) > 0).all()):
        raise InputError("finite, increasing and not below 0 is needed", "times")
    coefficients = np.asarray(spectrum.weights) * np.asarray(spectrum.displacement)
    # what counts nowhere does not move, so that nothing of it overflows
    k = np.where(coefficients > 0.0, spectrum.k, 0.0)
    sizes = np.abs(k[k != 0.0])
    if sizes.size and not 1.0 / MOST <= sizes.min() <= sizes.max() <= MOST:
        raise InputError(f"0, or a size from {1 / MOST:g} to {MOST:g} works", "k")
    sums = np.empty((t.size, -(-len(spectrum) // _TOGETHER), 3))
    with on_threads(threads):
        _run(float(mass), float(friction), k, coefficients, t, sums)
    potential, kinetic, square = np.cumsum(sums, axis=1)[:, -1].T
    return Energies(t, 0.5 * potential, 0.5 * mass * kinetic, np.sqrt(square))
