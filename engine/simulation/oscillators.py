"""Continuous time: the exact motion of damped oscillators.

m w″ + μ w′ = −k w for each mode [Eq. 16], w = 1 and w′ = 0 at t = 0. The solution is
written with even functions of √|μ² − 4mk|, hence without cancellation near critical
damping. This root is computed from exact products.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import prange

from ..arithmetic.double_double import (
    Pair,
    add,
    divide,
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
from .shares import shares_of

TWO_PI = Pair(2.0 * PI.hi, 2.0 * PI.lo)
# modes of a partial sum; the order of summation does not depend on threads
_BLOCK = 256
# times for which the constants of a mode are computed once
_SPAN = 64
# largest number of partial sums in memory, of each kind
_MOST_SUMS = 2**20
# phase ωt from which the digits that are left are few
_MOST_PHASE = 1e25


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


class _Constants(NamedTuple):
    """What the motion of one oscillator is made of.

    Attributes
    ----------
    slow : the rate of decay, a double-double: Re λ of the slower root
    s : |λ₁ − λ₂|/2, a double-double: the angular frequency where `swings`
    half : μ/2m
    stiffness : k/m
    swings : whether the roots are complex
    """

    slow: Pair
    s: Pair
    half: float
    stiffness: float
    swings: bool


@jit
def _constants(mass, friction, k):
    """Return the constants of an oscillator from the roots  [Eq. 18] [Eq. 20]."""
    if mass == 0.0:
        slow = divide(pair(k), pair(friction))
        return _Constants(slow, pair(0.0), 0.0, 0.0, False)
    half = divide(pair(0.5 * friction), pair(mass))
    stiffness = divide(pair(k), pair(mass))
    disc = subtract(product(friction, friction), product(4.0 * mass, k))
    swings = disc.hi < 0.0
    omega = root(scaled(disc, -1.0 if swings else 1.0))
    s = divide(scaled(omega, 0.5), pair(mass))
    # half − s without cancellation
    slow = half if swings or s.hi == 0.0 else divide(stiffness, add(half, s))
    return _Constants(slow, s, half.hi, stiffness.hi, swings)


@jit
def _decay(rate, t):
    """Return e^{−rate·t} for a double-double rate, its error below 2⁻⁵¹ of it."""
    hi, lo = multiply(pair(t), rate)
    # beyond the range of exp, the low half is not needed, and may be no number
    return math.exp(-hi) * (1.0 - lo if abs(hi) < 800.0 else 1.0)


@jit
def _wave(omega, t):
    """Return cos ωt and sin ωt for a double-double ω, accurate for large ωt."""
    phase = multiply(pair(t), omega)
    turns = np.round(phase.hi / TWO_PI.hi)
    rest = fma(-turns, TWO_PI.hi, phase.hi) + (phase.lo - turns * TWO_PI.lo)
    return math.cos(rest), math.sin(rest)


@jit
def _motion(mode, t):
    """Return w and w′ at a time t  [Eq. 17] [Eq. 19]."""
    decay, s, half = _decay(mode.slow, t), mode.s.hi, mode.half
    if mode.stiffness == 0.0 and half == 0.0 and s == 0.0:
        return decay, -mode.slow.hi * decay
    if s == 0.0 or t == 0.0:
        return decay * (1.0 + half * t), -mode.stiffness * t * decay
    if mode.swings:
        cosine, sine = _wave(mode.s, t)
        ratio = sine / s
        return decay * (cosine + half * ratio), -mode.stiffness * ratio * decay
    difference = -math.expm1(-2.0 * s * t)
    ratio = 0.5 * difference / s
    w = decay * (1.0 - 0.5 * difference + half * ratio)
    return w, -mode.stiffness * ratio * decay


def _sums_of_blocks(mass, friction, k, coefficients, times, sums):
    """Write Σ c·k·w², Σ c·w′² and Σ c·w² of each time and block, (t, b, 3)."""
    blocks = sums.shape[1]
    for index in prange(blocks * (-(-times.size // _SPAN))):
        span, block = index // blocks, index % blocks
        rows = range(span * _SPAN, min((span + 1) * _SPAN, times.size))
        for row in rows:
            sums[row, block] = 0.0
        for i in range(block * _BLOCK, min((block + 1) * _BLOCK, k.size)):
            mode, c = _constants(mass, friction, k[i]), coefficients[i]
            for row in rows:
                w, velocity = _motion(mode, times[row])
                sums[row, block, 0] += c * k[i] * w * w
                sums[row, block, 1] += c * velocity * velocity
                sums[row, block, 2] += c * w * w


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

    m w″ + μ w′ = −k w [Eq. 15] [Eq. 16], w = 1 and w′ = 0 at t = 0, k = 0 for zero
    modes. The error of w is below 1e−14 of its envelope where the phase ωt of the mode
    is below 1e15; beyond, it is about 1e−31 ωt.

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
        Mass, friction or times are not as above, |k| is not 0 and outside 1e±100, or a
        mode still moves at a phase ωt above 1e25.
    """
    check_constants(mass=mass, friction=friction)
    t = np.array(times, dtype=np.float64).ravel()
    if not (t.size and np.isfinite(t).all() and t[0] >= 0.0 and (np.diff(t) > 0).all()):
        raise InputError("finite, increasing numbers ≥ 0 are needed", "times")
    require_spectrum(spectrum)
    k, coefficients = shares_of(spectrum)
    # modes with coefficient 0 stay at w = 1, so that they cannot overflow
    k = np.where(coefficients > 0.0, k, 0.0)
    sizes = np.abs(k[k != 0.0])
    if sizes.size and not 1.0 / MOST <= sizes.min() <= sizes.max() <= MOST:
        raise InputError(
            f"|k| from {sizes.min():g} to {sizes.max():g}; 0, or from {1 / MOST:g} to "
            f"{MOST:g}, is needed",
            "k",
        )
    _check_phase(float(mass), float(friction), k, float(t[-1]))
    sums = np.empty((t.size, 3))
    blocks = -(-len(spectrum) // _BLOCK)
    rows = max(_MOST_SUMS // blocks, 1)
    with on_threads(threads):
        for start in range(0, t.size, rows):
            some = t[start : start + rows]
            parts = np.empty((some.size, blocks, 3))
            _write_sums(float(mass), float(friction), k, coefficients, some, parts)
            # cumsum adds in order, unlike sum
            sums[start : start + rows] = np.cumsum(parts, axis=1)[:, -1]
    potential, kinetic, square = sums.T
    return Energies(t, 0.5 * potential, 0.5 * mass * kinetic, np.sqrt(square))


def _check_phase(mass: float, friction: float, k: Floats, t: float) -> None:
    """Raise InputError where a mode that has not died away has turned too often."""
    if mass == 0.0 or 0.5 * friction / mass * t > 800.0:
        return
    phase = math.sqrt(max(float(k.max()), 0.0) / mass) * t
    if phase > _MOST_PHASE:
        raise InputError(
            f"{t:g} given, at a phase of {phase:.3g}; phases up to {_MOST_PHASE:g} are "
            "resolved",
            "times",
        )
