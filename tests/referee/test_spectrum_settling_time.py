"""Settling times of whole spectra, against walks in whole numbers of 256 bits."""

from fractions import Fraction

import corners
import mpmath
import numpy as np
import oracle
import pytest

import critdamp as cd
from critdamp.engine.maps.compute import TileComputer
from critdamp.engine.maps.grid import Tile

pytestmark = pytest.mark.oracle
STEPS = 20_000
NAMES = ("loss_settling_time", "distance_settling_time")
METHODS = ("heavy_ball", "nesterov", "qhm")
# of a map, along each axis
SIDE = 4


def computed(spectrum, name, **axes):
    """Return a map as one tile."""
    plan = cd.Plan(spectrum=spectrum, quantities=[name], **axes)
    tile = Tile(0, (0,) * len(plan.grid.shape), plan.grid.shape)
    return TileComputer(plan, 1)(tile)[name].reshape(SIDE, SIDE).copy()


def axes_of(rng, k):
    """Return ε and p; at half of them a mode is next to critically damped."""
    p = 1.0 - 10 ** rng.uniform(-2.5, 0.2, SIDE)
    eps = 10 ** rng.uniform(-2, 0.5, SIDE) / k[-1]
    for i in range(0, SIDE, 2):
        root = np.sqrt(abs(p[i]))
        eps[i] = (1.0 - rng.choice([-1, 1]) * root) ** 2 / rng.choice(k)
        eps[i] *= 1.0 + rng.choice([0.0, 1e-15, 1e-9, 1e-4])
    return {"eps": np.unique(eps), "p": np.unique(p)}


def walked(motions, shares, level):
    """Return the smallest t₀ with Σ share·w² ≤ level from there on, or None."""
    steps = 2
    for motion, share in zip(motions, shares, strict=True):
        least = mpmath.sqrt(oracle.number(level / share) / len(shares))
        its = oracle.horizon(*motion, least)
        if its is None or its > STEPS:
            return None
        steps = max(steps, its)
    walks = [oracle.trajectory(*motion, steps) for motion in motions]
    unit = min(shares)
    scaled = [int(share / unit * 2**64) for share in shares]
    # in units of 2⁻⁶⁴ of the least share
    limit = level / unit * 2 ** (2 * oracle.BITS + 64)
    last = -1
    for t, sizes in enumerate(zip(*walks, strict=True)):
        if sum(c * w * w for c, w in zip(scaled, sizes, strict=True)) > limit:
            last = t
    return last + 1


@pytest.mark.parametrize("method", METHODS)
def test_spectrum_settling_time(method, counts):
    many = corners.effort.number("SPECTRUM_TIMES", 300, 6_640) // len(METHODS) + 1
    rng = np.random.default_rng(26)
    tried, wrong = 0, []
    while tried < many:
        k = np.sort(10 ** rng.uniform(-2, 0, rng.integers(1, 5)))
        weights = np.round(10 ** rng.uniform(-2, 2, k.size), 3)
        axes = axes_of(rng, k)
        if method == "qhm":
            axes["nu"] = float(rng.choice([0.0, rng.uniform(0, 1)]))
        tol, name = float(10 ** -rng.uniform(0.1, 20)), NAMES[rng.integers(2)]
        found = computed(cd.Spectrum(k, weights), name, method=method, tol=tol, **axes)
        power = NAMES.index(name)
        shares = [
            Fraction(w) * Fraction(one) ** (1 - power)
            for w, one in zip(weights, k, strict=True)
        ]
        level = sum(shares) * Fraction(tol) ** (1 + power)
        for (i, j), value in np.ndenumerate(found):
            head = [axes["nu"]] if method == "qhm" else []
            point = (*head, axes["eps"][i], axes["p"][j])
            motions = [oracle.of_start(*oracle.exact(method, *point, one)) for one in k]
            if value == np.inf and any(
                oracle.horizon(*motion, 1) is None for motion in motions
            ):
                continue
            right = walked(motions, shares, level)
            if right is not None:
                tried += 1
                if value != right:
                    wrong.append((point, k, weights, name, tol, value, right))
    counts("settling times of spectra", tried)
    counts("settling times of spectra, wrong", len(wrong))
    assert not wrong
