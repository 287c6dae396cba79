"""Closed forms to 400 bits, and random arguments, half of them where they cancel."""

import mpmath
import numpy as np


def near(rng):
    """Return a number next to 0, down to a unit in the last place of 1."""
    return float(rng.choice([-1, 1]) * rng.choice([0.0, 10.0 ** -rng.uniform(1, 15.7)]))


def polyak(kmin, kmax):
    """Return ε, p, ρ and −ln ρ."""
    small, large = mpmath.sqrt(mpmath.mpf(kmin)), mpmath.sqrt(mpmath.mpf(kmax))
    rho = (large - small) / (large + small)
    # 1 − ρ, which 400 bits lose beside 1 where κ is huge
    rate = -mpmath.log1p(-2 * small / (large + small)) if rho else mpmath.inf
    return 4 / (large + small) ** 2, rho**2, rho, rate


def polyak_arguments(rng, hard):
    """Return kmin and kmax."""
    kmin = 10.0 ** rng.uniform(-300, 300) if hard else 10.0 ** rng.uniform(-9, 3)
    ratio = 1 + abs(near(rng)) if hard else 10.0 ** rng.uniform(0, 12)
    return float(kmin), float(kmin * ratio)


def critical_momentum(eps, k):
    """Return p."""
    return ((1 - mpmath.sqrt(mpmath.mpf(eps) * mpmath.mpf(k))) ** 2,)


def critical_arguments(rng, hard):
    """Return ε and k with 0 < εk < 4."""
    scale = 10.0 ** rng.uniform(-150, 150)
    x = 1 + near(rng) if hard else rng.uniform(1e-9, 3.999)
    return float(scale), float(x / scale)


def improvement(mass, friction, k):
    """Return α."""
    z = mpmath.mpf(mass) * mpmath.mpf(k) / mpmath.mpf(friction) ** 2
    if z <= 0.25:
        return (2 / (1 + mpmath.sqrt(1 - 4 * z)),)
    return (1 / (2 * z),)


def improvement_arguments(rng, hard):
    """Return m, μ and k, mk/μ² at ¼ or anywhere."""
    mass, friction = 10.0 ** rng.uniform(-20, 20, 2)
    z = 0.25 * (1 + near(rng)) if hard else 10.0 ** rng.uniform(-6, 2)
    return float(mass), float(friction), float(z * friction**2 / mass)


def discrete(mass, friction, dt):
    """Return ε and p."""
    m, mu, t = map(mpmath.mpf, (mass, friction, dt))
    return t**2 / (m + mu * t), m / (m + mu * t)


def discrete_arguments(rng, hard):
    """Return m, μ and Δt."""
    spread = 90 if hard else 3
    return tuple(float(x) for x in 10.0 ** rng.uniform(-spread, spread, 3))


def continuous(eps, p, dt):
    """Return m and μ."""
    e, share, t = map(mpmath.mpf, (eps, p, dt))
    return share * t**2 / e, (1 - share) * t / e


def continuous_arguments(rng, hard):
    """Return ε, p and Δt."""
    eps, dt = 10.0 ** rng.uniform(-80, 80, 2)
    p = 1 - abs(near(rng)) if hard else rng.random()
    return float(eps), float(p), float(dt)


def per_weight_radius(hessian, eps, p):
    """Return ρ of a diagonal Hessian with one ε and one p."""
    found = []
    for k in np.diag(hessian):
        trace = 1 + mpmath.mpf(p) - mpmath.mpf(eps) * mpmath.mpf(float(k))
        root = mpmath.sqrt(mpmath.mpc(trace**2 - 4 * mpmath.mpf(p)))
        found += [abs(trace + root) / 2, abs(trace - root) / 2]
    return (max(found),)


def radius_arguments(rng, hard):
    """Return a diagonal Hessian, ε and p, critically damped or anywhere."""
    k = 10.0 ** rng.uniform(-3, 0, int(rng.integers(1, 4)))
    eps, p = rng.uniform(0.01, 3), rng.uniform(-0.9, 1)
    if hard:
        p = np.square(1 - np.sqrt(eps * k[0])) * (1 + near(rng))
    return np.diag(k), float(eps), float(p)


# name → what is true, random arguments, and the promise in ulps
FORMS = {
    "polyak": (polyak, polyak_arguments, (0.51, 0.51, 0.51, 2)),
    "critical_momentum": (critical_momentum, critical_arguments, (8,)),
    "improvement": (improvement, improvement_arguments, (2,)),
    "discrete": (discrete, discrete_arguments, (0.51, 0.51)),
    "continuous": (continuous, continuous_arguments, (0.51, 0.51)),
    "per_weight_radius": (per_weight_radius, radius_arguments, (1,)),
}
