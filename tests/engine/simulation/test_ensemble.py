"""Modes through time: steps, schedules and jumps, in both backends."""

from fractions import Fraction
from itertools import islice

import mpmath
import numpy as np
import oracle
import pytest

import critdamp as cd
from critdamp.engine.backends import c as native
from critdamp.engine.backends.select import backends
from critdamp.engine.errors import InputError
from critdamp.engine.modes.methods import METHODS
from critdamp.engine.modes.powers import LONGEST
from critdamp.engine.simulation.ensemble import Ensemble, recurrences

pytestmark = pytest.mark.oracle

needs_c = pytest.mark.skipif(not native.AVAILABLE, reason="no C kernels were built")
HERE = [name for name, usable in backends().items() if usable]
BALL = METHODS["heavy_ball"]
POINTS = {
    "heavy_ball": (0.25, 0.8125),
    "gradient_descent": (0.25,),
    "nesterov": (0.25, 0.8125),
    "qhm": (0.75, 0.25, 0.8125),
}


@pytest.mark.parametrize("backend", HERE)
@pytest.mark.parametrize("name", METHODS)
def test_steps_are_those_of_the_optimiser(name, backend):
    k = np.array([0.0, 0.125, 1.0, 4.0, 5.0, 9.0])
    by = recurrences(METHODS[name], POINTS[name], k)
    ensemble = Ensemble(k.size, backend=backend)
    for t in (1, 2, 10, 27, 27):
        ensemble.advance(by, t - ensemble.t)
        for curvature, w in zip(k, ensemble.w, strict=True):
            walk = oracle.optimiser(name, *POINTS[name], curvature)
            truth = float(next(islice(walk, t, None)))
            assert w == pytest.approx(truth, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("backend", HERE)
def test_schedules_are_followed(backend):
    rng = np.random.default_rng(3)
    k, eps, p = rng.uniform(0, 3, 70), rng.uniform(0, 1, 43), rng.uniform(-0.5, 0.9, 43)
    ensemble = Ensemble(k.size, backend=backend)
    ensemble.follow(k, eps[:20], p[:20])
    ensemble.follow(k, eps[20:], p[20:])
    assert ensemble.t == 43
    for i in (0, 35, 69):
        w, step, curvature = Fraction(1), Fraction(0), Fraction(float(k[i]))
        for e, q in zip(eps.tolist(), p.tolist(), strict=True):
            step = Fraction(q) * step - Fraction(e) * curvature * w
            w += step
        assert ensemble.w[i] == pytest.approx(float(w), rel=1e-12, abs=1e-14)
        assert ensemble.last[i] == pytest.approx(float(step), rel=1e-12, abs=1e-14)


def matrix_power(point, m):
    """Return T_m, Dᵐ and w_m of the heavy ball to 400 bits."""
    trace, determinant, first = map(oracle.number, oracle.exact("heavy_ball", *point))
    power = mpmath.matrix([[trace, -determinant], [1, 0]]) ** m
    w = power[1, 0] * first + power[1, 1]
    return power[0, 0] + power[1, 1], determinant**m, w


@pytest.mark.parametrize("m", [1, 2, 3, 1000, 12345, 10**6, LONGEST])
def test_jumps_are_powers(m):
    # slow, critically damped, near it, fast, alternating; at the edge, where all swing
    points = [
        (1e-9, 0.9, 1.0),
        (0.25, 0.25, 1.0),
        (0.25 + 1e-12, 0.25, 1.0),
        (1e-3, 0.999, 1.0),
        (3.7, 0.9, 1.0),
        (1.0, 0.0, 1.0),
        (1e-8, 1.0, 0.5),
        (1e-16, 1 - 1e-9, 1.0),
    ]
    for eps, p, k in points:
        by = recurrences(BALL, (eps, p), np.array([k]), m)
        truth = matrix_power((eps, p, k), m)
        envelope = float(cd.spectral_radius(eps, p, k)) ** m
        truth = *truth, 1 - truth[0] + truth[1], truth[2] - 1
        found = (
            by.trace[0],
            by.determinant[0],
            by.first[0],
            by.one_minus_T_plus_D[0],
            by.step[0],
        )
        for one, other in zip(found, truth, strict=True):
            slack = 1e-12 * envelope + 2.0**-53 * abs(other) + 1e-300
            assert abs(one - other) <= slack, (eps, p, m)


@pytest.mark.parametrize("name", METHODS)
def test_jumps_agree_with_steps(name):
    k = np.geomspace(0.1, 3.9, 50)
    method, point = METHODS[name], POINTS[name]
    slow, fast = Ensemble(k.size), Ensemble(k.size)
    single, double = recurrences(method, point, k), recurrences(method, point, k, 9)
    large, small = getattr(cd, name).eigenvalues(*point, k).T
    shares = [(single.first - one) / (large - small) for one in (large, small)]
    size = abs(shares[0]) + abs(shares[1])
    for t in (9, 18, 90, 180):
        slow.advance(single, t - slow.t)
        fast.advance(double, (t - fast.t) // 9)
        assert fast.t == t
        envelope = size * abs(large) ** t
        assert (abs(slow.w - fast.w) <= 1e-12 * envelope + 1e-290).all()


@needs_c
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("n", [1, 63, 64, 65, 1500])
def test_same_bits(n, threads):
    k = np.geomspace(1e-6, 60, n)
    k[-1], k[0] = np.inf if n > 1 else 60.0, -0.01
    rng = np.random.default_rng(n)
    eps, p = rng.uniform(0, 0.1, 700), rng.uniform(0, 1, 700)
    by = recurrences(BALL, (0.1, 0.25), k)
    states = []
    for backend in ("c", "numba"):
        for some in (threads, 1):
            ensemble = Ensemble(n, some, backend)
            ensemble.advance(by, 3)
            ensemble.advance(by, 697)
            ensemble.follow(k, eps, p)
            states.append(np.array([ensemble.w, ensemble.last]))
    for other in states[1:]:
        assert np.array_equal(states[0], other, equal_nan=True)


@pytest.mark.parametrize("backend", HERE)
def test_what_has_died_away_rests(backend):
    k = np.array([1.0, 1e-9])
    ensemble = Ensemble(2, backend=backend)
    ensemble.advance(recurrences(BALL, (0.5, 0.25), k), 10_000)
    assert ensemble.w[0] == ensemble.last[0] == 0.0
    assert ensemble.w[1] == pytest.approx(1 - 1e-5 / 1.5, rel=1e-6)


def test_what_cannot_go_together_is_refused():
    k = np.ones(3)
    for stride in (0, -1, 2**31, 1.5):
        with pytest.raises(InputError, match=r"stride: .* from 1 to 1073741824"):
            recurrences(BALL, (0.1, 0.9), k, stride)
    with pytest.raises(InputError, match="3 parameters given; needed: eps, p"):
        recurrences(BALL, (0.1, 0.9, 0.5), k)
    ensemble = Ensemble(3)
    ensemble.advance(recurrences(BALL, (0.1, 0.9), k, 5), 2)
    with pytest.raises(InputError, match="stride: 1 after a stride of 5; use a new"):
        ensemble.advance(recurrences(BALL, (0.1, 0.9), k), 1)
    with pytest.raises(InputError, match="1 recurrences for 3 modes"):
        ensemble.advance(recurrences(BALL, (0.1, 0.9), np.ones(1), 5), 1)
    with pytest.raises(InputError, match="count: -1 given"):
        ensemble.advance(recurrences(BALL, (0.1, 0.9), k, np.int64(5)), -1)
    with pytest.raises(InputError, match="a schedule cannot follow a stride of 5"):
        ensemble.follow(k, np.ones(2), np.ones(2))
    with pytest.raises(InputError, match="2 of eps, 3 of p and 3 of k for 3 modes"):
        ensemble.follow(k, np.ones(2), np.ones(3))
    with pytest.raises(InputError, match="threads: 99999 given"):
        Ensemble(3, threads=99999)
