"""The analogy of the paper: a discretised oscillator is the heavy ball."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import InputError

# of masses and frictions other than 0, so that no ratio of them overflows
LEAST, MOST = 1e-100, 1e100


@dataclass(frozen=True)
class Discrete:
    """The heavy ball that a discretised oscillator is: ε, p."""

    eps: float
    p: float


def discrete(mass: float, friction: float, dt: float) -> Discrete:
    """Return ε = Δt²/(m + μΔt) and p = m/(m + μΔt)  [Eq. 7] [Eq. 8].

    Parameters
    ----------
    mass, friction : m ≥ 0 and μ ≥ 0, not both 0, within 1e±100
    dt : Δt > 0, the time of a step

    Raises
    ------
    InputError
        A number is not finite or has the wrong sign.
    """
    check_constants(mass=mass, friction=friction)
    if not LEAST <= dt <= 1.0 / LEAST:
        raise InputError(f"{dt} given, from {LEAST:g} to {1 / LEAST:g} works", "dt")
    whole = mass + friction * dt
    return Discrete(dt * dt / whole, mass / whole)


def continuous(eps: float, p: float, dt: float) -> tuple[float, float]:
    """Return m = pΔt²/ε and μ = (1 − p)Δt/ε, the inverse of `discrete` [Eq. 7] [Eq. 8].

    Raises
    ------
    InputError
        ε or Δt is not positive and finite, or p is not in [0, 1].
    """
    for name, value in (("eps", eps), ("dt", dt)):
        if not 0.0 < value < math.inf:
            raise InputError(f"{value} given, positive and finite is needed", name)
    if not 0.0 <= p <= 1.0:
        raise InputError(f"{p} given, from 0 to 1 has a mass and a friction", "p")
    return p * dt * dt / eps, (1.0 - p) * dt / eps


def improvement(mass: float, friction: float, k: float) -> float:
    """Return α, by how much a mass speeds up a mode: |Re λ₁| over k/μ  [Eq. 24].

    With z = mk/μ² it is (1 − √(1 − 4z))/(2z) up to critical damping at z = ¼, where it
    is 2 [Eq. 25] [Result 2], and 1/(2z) beyond, which is above 1 up to z = ½
    [Eq. 22] [Eq. 23] [Result 1].

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
            f"{friction} and k: {k} given, both have to be > 0", "friction"
        )
    z = mass * k / (friction * friction)
    if z > 0.25:
        return 1.0 / (2.0 * z)
    # 2/(1 + √(1 − 4z)), which loses nothing for small z
    return 2.0 / (1.0 + math.sqrt(1.0 - 4.0 * z))


def check_constants(**values: float) -> None:
    """Refuse a mass or friction that is negative, not finite or too small."""
    for name, value in values.items():
        if not (value == 0.0 or LEAST <= value <= 1.0 / LEAST):
            raise InputError(
                f"{value} given; 0, or from {LEAST:g} to {1 / LEAST:g} works", name
            )
    if not any(values.values()):
        raise InputError(f"{' and '.join(values)}: both are 0, so that nothing holds w")
