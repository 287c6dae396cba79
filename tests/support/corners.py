"""Random points of a method, half of them where its own sums cancel.

A corner is where T, D, w_1, T² − 4D, an edge of stability, or the part of the start in
one root is 0 along one parameter: found by bisection in exact fractions, and left by
some ulp or by a small ratio.
"""

import math
from fractions import Fraction

import effort
import numpy as np
import oracle

from critdamp.engine.modes.methods import METHODS

SUMS = (
    lambda t, d, w: t,
    lambda t, d, w: d,
    lambda t, d, w: w,
    lambda t, d, w: t * t - 4 * d,
    lambda t, d, w: 1 - d,
    lambda t, d, w: 1 + t + d,
    lambda t, d, w: w * w - t * w + d,
)
# where a parameter is searched for a zero, and where it is drawn from
RANGES = {"eps": (0.01, 60.0), "p": (-0.999, 0.999), "nu": (-0.2, 1.2)}


def _drawn(rng, name):
    if rng.random() < 0.2 and name != "eps":
        return float(rng.choice([0.0, 1.0, 1.0 - 10 ** rng.uniform(-12, -1)]))
    low, high = RANGES[name]
    return math.exp(rng.uniform(-7, 2)) if name == "eps" else rng.uniform(low, high)


def _zero(rng, method, point, at):
    """Return where one of the sums is 0 along a parameter, None if nowhere."""
    low, high = RANGES[METHODS[method].parameters[at]]
    grid = np.linspace(low, high, 40)
    chosen = SUMS[rng.integers(len(SUMS))]

    def value(x):
        motion = oracle.METHODS[method](*point[:at], x, *point[at + 1 :])
        return chosen(*motion)

    signs = np.sign([float(value(x)) for x in grid])
    places = np.flatnonzero(signs[1:] * signs[:-1] < 0)
    if not places.size:
        return None
    i = rng.choice(places)
    low, high = float(grid[i]), float(grid[i + 1])
    exact, point = True, [Fraction(x) for x in point]
    while exact:
        middle = 0.5 * (low + high)
        exact = low < middle < high
        if exact and (value(Fraction(middle)) > 0) == (signs[i] > 0):
            low = middle
        elif exact:
            high = middle
    return low


def _near(rng, x):
    """Return a number some ulp or a small ratio from x."""
    if rng.random() < 0.5:
        for _ in range(rng.integers(0, 4)):
            x = math.nextafter(x, rng.choice([-math.inf, math.inf]))
        return x
    return x * (1.0 + rng.choice([-1, 1]) * 10 ** rng.uniform(-16, -3))


def point(rng, method, corner):
    """Return (*parameters, k) as floats."""
    names = METHODS[method].parameters
    while True:
        k = 1.0 if rng.random() < 0.3 else float(10 ** rng.uniform(-3, 3))
        values = [_drawn(rng, name) for name in names]
        if corner:
            at = int(rng.integers(len(names)))
            zero = _zero(rng, method, [*values, 1.0], at)
            if zero is None:
                continue
            values[at] = _near(rng, zero)
        if "eps" in names:
            values[names.index("eps")] /= k
        return (*values, k)


def points(method, count, seed):
    """Return `count` points, every other one in a corner."""
    rng = np.random.default_rng(seed)
    return [point(rng, method, i % 2 == 1) for i in range(count)]


def share(kind, short, long):
    """Return how many points a method has, of so many in all."""
    return effort.number(kind, short, long) // len(METHODS) + 1
