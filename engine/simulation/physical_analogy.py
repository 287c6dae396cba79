"""The physical analogy: the heavy ball is a discretised damped oscillator."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from ..errors import InputError

# range of masses, frictions and times other than 0; their ratios cannot overflow
LEAST, MOST = 1e-100, 1e100


@dataclass(frozen=True)
class Discrete:
    """The learning rate ε and momentum p of a discretised oscillator."""

    eps: float
    p: float


def discrete(mass: float, friction: float, dt: float) -> Discrete:
    """Return ε = Δt²/(m + μΔt) and p = m/(m + μΔt)  [Eq. 7] [Eq. 8].

    Each is the double next to the exact number.

    Parameters
    ----------
    mass, friction : m ≥ 0 and μ ≥ 0, not both 0, within 1e±100
    dt : Δt > 0, the time of a step

    Raises
    ------
    InputError
        An argument is out of range.
    """
    check_constants(mass=mass, friction=friction)
    if not LEAST <= dt <= 1.0 / LEAST:
        raise InputError(
            f"{dt} given; a number from {LEAST:g} to {MOST:g} is needed", "dt"
        )
    m, mu, t = (Fraction(float(value)) for value in (mass, friction, dt))
    denominator = m + mu * t
    return Discrete(float(t * t / denominator), float(m / denominator))


def continuous(eps: float, p: float, dt: float) -> tuple[float, float]:
    """Return m = pΔt²/ε and μ = (1 − p)Δt/ε, the inverse of `discrete` [Eq. 7] [Eq. 8].

    Each is the double next to the exact number.

    Parameters
    ----------
    eps, dt : ε > 0 and Δt > 0
    p : in [0, 1]

    Raises
    ------
    InputError
        ε or Δt is not positive and finite, p is not in [0, 1], or m or μ overflows.
    """
    for name, value in (("eps", eps), ("dt", dt)):
        if not 0.0 < value < math.inf:
            raise InputError(
                f"{value} given; a positive, finite number is needed", name
            )
    if not 0.0 <= p <= 1.0:
        raise InputError(f"{p} given; a number from 0 to 1 is needed for m, μ ≥ 0", "p")
    e, share, t = (Fraction(float(value)) for value in (eps, p, dt))
    exact = share * t * t / e, (1 - share) * t / e
    try:
        mass, friction = (float(value) for value in exact)
    except OverflowError:
        raise InputError(
            f"{eps} and dt: {dt} given; m or μ would be above the largest double", "eps"
        ) from None
    return mass, friction


def improvement(mass: float, friction: float, k: float) -> float:
    """Return α = |Re λ₁|/(k/μ), the ratio of rates with and without mass  [Eq. 24].

    Let z = mk/μ². For z ≤ ¼, α = (1 − √(1 − 4z))/(2z), at most 2 at critical damping
    [Eq. 25] [Result 2]. For z > ¼, α = 1/(2z), which is above 1 for z < ½
    [Eq. 22] [Eq. 23] [Result 1]. The error is below 2 ulp.

    Parameters
    ----------
    mass : m ≥ 0
    friction : μ > 0
    k : positive curvature

    Raises
    ------
    InputError
        A number is not finite or has the wrong sign.
    """
    check_constants(mass=mass, friction=friction)
    if not (friction > 0.0 and 0.0 < k < math.inf):
        raise InputError(
            f"{friction} and k: {k} given; both must be positive and finite", "friction"
        )
    m, mu, stiffness = (Fraction(float(value)) for value in (mass, friction, k))
    four_z = 4 * m * stiffness / mu**2
    if four_z > 1:
        return float(2 / four_z)
    # (1 − √(1 − 4z))/(2z) without cancellation
    return 2.0 / (1.0 + math.sqrt(1 - four_z))


def check_constants(**values: float) -> None:
    """Raise InputError unless each value is 0 or within 1e±100, and one is not 0."""
    for name, value in values.items():
        if not (value == 0.0 or LEAST <= value <= 1.0 / LEAST):
            raise InputError(
                f"{value} given; 0, or a number from {LEAST:g} to {MOST:g}, is needed",
                name,
            )
    if not any(values.values()):
        raise InputError(f"{' and '.join(values)} are both 0; one must be positive")
