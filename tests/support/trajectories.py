"""Random trajectories, and what they are to 400 bits.

Half of the cases are in hard corners: modes that fall by many powers of ten between two
recorded iterations, undamped ones recorded at a multiple of their period, critical
damping and its neighbours, and roots near 0, ±1 and each other.
"""

import math
from dataclasses import dataclass

import mpmath
import numpy as np
import oracle

import critdamp as cd

NAMES = tuple(oracle.METHODS)


@dataclass(frozen=True)
class Case:
    """A simulation: of a method, at a point, of a spectrum, recorded at some times."""

    name: str
    point: tuple[float, ...]
    spectrum: cd.Spectrum
    steps: int
    record: object

    def run(self, **options):
        """Return the trajectory."""
        *nu, eps = self.point[:-1] if len(self.point) > 1 else self.point
        p = self.point[-1] if len(self.point) > 1 else None
        method = getattr(cd, self.name)
        method = method(nu=nu[0]) if nu else method
        return cd.simulate(
            self.spectrum,
            eps,
            p,
            self.steps,
            record=self.record,
            method=method,
            **options,
        )


def exact_mode(name, point, k, t):
    """Return w_t, and an envelope of it at t."""
    trace, determinant, first = oracle.exact(name, *point, k)
    if first * first - trace * first + determinant == 0:
        # the other root has no share; 400 bits would give it one
        w = oracle.number(first) ** t
        return w, abs(w)
    t_, d, w_1 = map(oracle.number, (trace, determinant, first))
    power = mpmath.matrix([[t_, -d], [1, 0]]) ** t
    w = power[1, 0] * w_1 + power[1, 1]
    root = mpmath.sqrt(mpmath.mpc(oracle.number(trace**2 - 4 * determinant)))
    large, small = sorted(((t_ + root) / 2, (t_ - root) / 2), key=abs, reverse=True)
    rho = abs(large)
    if not rho or not t:
        return w, abs(w) + (not t)
    # w = λ₁ᵗ + (w_1 − λ₁)·Σ λ₁ⁱ λ₂ᵗ⁻¹⁻ⁱ, or each root with its share
    envelope = rho**t + abs(w_1 - large) * t * rho ** (t - 1)
    if root:
        shares = (w_1 - small) / root, (w_1 - large) / root
        both = abs(shares[0] * large**t) + abs(shares[1] * small**t)
        envelope = min(envelope, both)
    return w, envelope


def exact_loss(case, t):
    """Return loss and distance² at t, and what they are where w is its envelope."""
    sums = [mpmath.mpf(0)] * 4
    s = case.spectrum
    for k, weight, displacement in zip(s.k, s.weights, s.displacement, strict=True):
        w, envelope = exact_mode(case.name, case.point, k, t)
        share = mpmath.mpf(weight) * mpmath.mpf(displacement)
        terms = share * k * w**2 / 2, share * w**2
        sizes = share * abs(k) * envelope**2 / 2, share * envelope**2
        sums = [a + b for a, b in zip(sums, (*terms, *sizes), strict=True)]
    return sums


def oscillator(mass, friction, k, t):
    """Return w, w′ and an envelope of w from the exponents of Eq. 20, to 400 bits."""
    mass, friction, k, t = map(mpmath.mpf, (mass, friction, k, t))
    if mass == 0:
        w = mpmath.exp(-k / friction * t)
        return w, -k / friction * w, w
    half = friction / (2 * mass)
    root = mpmath.sqrt(mpmath.mpc(half**2 - k / mass))
    if root == 0:
        w = mpmath.exp(-half * t) * (1 + half * t)
        return w, -k / mass * t * mpmath.exp(-half * t), w
    one, two = -half + root, -half - root
    share = -two / (one - two)
    parts = share * mpmath.exp(one * t), (1 - share) * mpmath.exp(two * t)
    envelope = mpmath.exp(one.real * t) * (1 + half * t)
    envelope = min(envelope, abs(parts[0]) + abs(parts[1]))
    return sum(parts).real, (one * parts[0] + two * parts[1]).real, envelope


def random_oscillator(rng, hard):
    """Return a mass, a friction, a curvature and times."""
    mass, k = 10.0 ** rng.uniform(-3, 3, 2)
    critical = 2 * math.sqrt(mass * k)
    friction = critical * 10.0 ** rng.uniform(-6, 3)
    slowest = k / friction + friction / mass
    times = np.sort(rng.uniform(0, 30, 5)) / slowest
    if hard:
        corner = rng.integers(4)
        if corner == 0:  # far out, without friction
            friction, times = 0.0, np.sort(10.0 ** rng.uniform(0, 12, 5))
        elif corner == 1:  # beside critical damping
            friction = critical * (1 + 10.0 ** rng.uniform(-16, -6))
            times = np.sort(rng.uniform(0, 100, 5)) / friction * mass
        elif corner == 2:
            friction = critical * 1e-8
            times = np.sort(rng.uniform(0, 300, 5)) / friction * mass
        else:  # no mass
            mass, times = 0.0, np.sort(rng.uniform(0, 300, 5)) * friction / k
    return float(mass), float(friction), float(k), times


def random_case(rng, hard):
    """Return a random case."""
    name = NAMES[rng.integers(len(NAMES))]
    kmax = 10.0 ** rng.uniform(-3, 3)
    n = int(rng.integers(1, 6))
    k = kmax * 10.0 ** rng.uniform(-9, 0, n)
    p = float(
        rng.choice([0.0, rng.uniform(-0.9, 0.99), 1 - 10.0 ** rng.uniform(-6, -1)])
    )
    eps = float(rng.uniform(0, 1.9) / kmax * 10.0 ** -rng.uniform(0, 3))
    every = int(10 ** rng.uniform(0, 3))
    if hard:
        corner = rng.integers(6)
        off = float(rng.choice([0.0, 1e-16, 1e-13, 1e-9, 1e-6]) * rng.choice([-1, 1]))
        if corner == 0:  # fast ones alone, which fall by 1e−10 and more
            k, p = kmax * rng.uniform(0.3, 1, n), float(rng.uniform(-0.1, 0.5))
            eps = float(rng.uniform(0.5, 1.5) / kmax)
        elif corner == 1:  # w_1 near 0
            k, p = np.full(n, kmax) * (1 + 1e-3 * rng.random(n)), abs(off)
            eps = (1 + off) / kmax
        elif corner == 2:  # no damping, recorded near a multiple of the period
            p, turns = 1.0, rng.integers(1, max(2, every // 2 + 1))
            angle = 2 * math.pi * turns / max(every, 2) * (1 + off)
            eps, k = (2 - 2 * math.cos(angle)) / kmax, k[:1] * 0 + kmax
        elif corner == 3:  # critical damping
            k = np.append(k, kmax)
            p = float(np.square(1 - math.sqrt(eps * kmax)) * (1 + off))
        elif corner == 4:  # the upper edge
            eps = (2 + 2 * p) / kmax * (1 + off)
        else:  # slow and without damping
            p, eps = 1 - abs(off), eps * 1e-3
    point = {
        "gradient_descent": (eps,),
        "qhm": (float(rng.choice([0.7, rng.random()])), eps, p),
    }.get(name, (eps, p))
    k = np.sort(k)
    spectrum = cd.Spectrum(k, rng.uniform(0.5, 3, k.size), rng.uniform(0, 2, k.size))
    kind = rng.integers(3)
    if kind == 0:
        return Case(
            name, point, spectrum, every * int(rng.integers(3, 700)), f"every:{every}"
        )
    steps = int(10 ** rng.uniform(1, 6))
    if kind == 1:
        return Case(name, point, spectrum, steps, "log:12")
    times = np.unique(rng.integers(0, steps + 1, 12))
    return Case(name, point, spectrum, steps, times)
