"""Continuous time, against 60 digits, the paper's results, and discrete time."""

import math
from itertools import pairwise

import mpmath
import numpy as np
import pytest
import trajectories
from hypothesis import given, settings, strategies as st

import critdamp as cd
from critdamp.engine.backends.threads import on_threads
from critdamp.engine.errors import InputError
from critdamp.engine.modes.methods import METHODS
from critdamp.engine.simulation import oscillators as oscillator
from critdamp.engine.simulation.ensemble import Ensemble, recurrences

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize(
    ("mass", "friction", "k"),
    [
        (1.0, 2.0, 1.0),  # critical
        (1.0, 2.0, 1.0 + 1e-15),
        (1.0, 2.0, 1.0 - 1e-15),
        (1.0, 2.0, 1.0 + 1e-7),
        (1.0, 2.0, 0.25),
        (1.0, 2.0, 1e-9),
        (1.0, 0.1, 30.0),
        (1.0, 0.0, 2.0),
        (1e-12, 1.0, 3.0),
        (0.0, 1.5, 0.75),
        (1.0, 1.0, 0.0),
        (1.0, 1.0, -0.5),
    ],
)
def test_one_oscillator(mass, friction, k):
    times = [0.0, 1e-9, 0.5, 3.0, 40.0, 600.0]
    found = cd.simulate_continuous(cd.Spectrum([k]), mass, friction, times)
    for i, t in enumerate(times):
        with mpmath.workdps(60):
            w, speed, _ = map(float, trajectories.oscillator(mass, friction, k, t))
        # the envelope, which swings and crossings lie below
        size = math.exp(-friction / (2 * mass) * t) * (1 + t) if mass else 0.0
        square = 1e-12 * max(size, abs(w)) ** 2 + 1e-290
        assert found.distance[i] ** 2 == pytest.approx(w * w, rel=1e-12, abs=square)
        potential, kinetic = 0.5 * k * w * w, 0.5 * mass * speed**2
        assert found.potential[i] == pytest.approx(potential, rel=1e-12, abs=square)
        slack = square * max(abs(k), 1.0)
        assert found.kinetic[i] == pytest.approx(kinetic, rel=1e-12, abs=slack)


def test_a_phase_is_kept_where_the_mass_is_no_power_of_two():
    """cos(√(1/5)·1e9), to 400 bits."""
    found = cd.simulate_continuous(cd.Spectrum([1.0]), 5, 0, [1e9])
    truth = abs(mpmath.cos(mpmath.mpf(10) ** 9 / mpmath.sqrt(5)))
    assert found.distance[0] == pytest.approx(float(truth), rel=1e-14)
    with pytest.raises(InputError, match=r"times: 1e\+30 given, at a phase of 4"):
        cd.simulate_continuous(cd.Spectrum([1.0]), 5, 0, [1e30])


@settings(deadline=None)  # the first call compiles
@given(
    st.just(0.0) | st.floats(1e-9, 1e3),
    st.just(0.0) | st.floats(1e-9, 1e3),
    st.lists(st.just(0.0) | st.floats(1e-90, 1e3), min_size=1),
    st.data(),
)
def test_energy_never_increases(mass, friction, k, data):
    """Eq. 9, for a start at rest."""
    if not (mass or friction):
        mass = 1.0
    times = data.draw(st.lists(st.floats(0, 1e3), min_size=2, unique=True).map(sorted))
    found = cd.simulate_continuous(cd.Spectrum(np.sort(k)), mass, friction, times)
    start = 0.5 * sum(k)
    assert (np.diff(found.total) <= 1e-11 * start).all()
    assert (found.total <= start * (1 + 1e-12)).all()


def test_discrete_time_tends_to_continuous():
    k, mass, friction, end = np.array([0.3, 1.0, 4.0]), 1.0, 0.7, 8.0
    exact = [float(trajectories.oscillator(mass, friction, c, end)[0]) for c in k]
    errors = []
    for steps in (400, 4000, 40000):
        ball = cd.discrete(mass, friction, end / steps)
        ensemble = Ensemble(k.size)
        by = recurrences(METHODS["heavy_ball"], (ball.eps, ball.p), k)
        ensemble.advance(by, steps)
        errors.append(abs(ensemble.w - exact).max())
    assert errors[0] < 0.05
    for before, after in pairwise(errors):
        assert after == pytest.approx(before / 10, rel=0.2)


@pytest.mark.parametrize(
    ("z", "alpha"), [(0, 1), (3 / 16, 4 / 3), (0.25, 2), (0.5, 1), (1, 0.5)]
)
def test_improvement(z, alpha):
    """Golden values of Results 1 and 2."""
    assert cd.improvement(z * 4.0, 2.0, 1.0) == pytest.approx(alpha, rel=1e-15)


def test_golden_improvement_beside_critical_damping():
    """By 400 bits of the doubles given."""
    assert cd.improvement(1, 0.1, 0.0025) == pytest.approx(1.99999998100, abs=1e-11)


def test_the_dictionary_goes_both_ways():
    """Eq. 7 and 8."""
    for mass, friction, dt in ((1.0, 0.5, 0.1), (0.0, 2.0, 0.3), (3.0, 0.0, 0.2)):
        ball = cd.discrete(mass, friction, dt)
        assert ball.eps == pytest.approx(dt**2 / (mass + friction * dt), rel=1e-15)
        back = cd.continuous(ball.eps, ball.p, dt)
        assert back == pytest.approx((mass, friction), abs=1e-15)


def test_bits_do_not_depend_on_threads():
    spectrum = cd.Spectrum(np.geomspace(1e-6, 1, 10_000))
    times = np.linspace(0, 50, 7)
    runs = []
    for threads in (1, 2):
        sums = np.empty((7, -(-10_000 // oscillator._BLOCK), 3))
        with on_threads(threads):
            oscillator._write_sums(1.0, 0.3, spectrum.k, np.ones(10_000), times, sums)
        runs.append(sums.tobytes())
    assert runs[0] == runs[1]


def test_bits_do_not_depend_on_parts_of_the_times(monkeypatch):
    spectrum, times = cd.Spectrum(np.geomspace(1e-3, 1, 600)), np.linspace(0, 50, 31)
    whole = cd.simulate_continuous(spectrum, 1.0, 0.3, times)
    monkeypatch.setattr(oscillator, "_MOST_SUMS", 7)
    parts = cd.simulate_continuous(spectrum, 1.0, 0.3, times)
    for name in ("potential", "kinetic", "distance"):
        assert getattr(whole, name).tobytes() == getattr(parts, name).tobytes()


def test_bad_input():
    one = cd.Spectrum([1.0])
    for arguments, said in (
        ((one, -1, 1, [0, 1]), "mass: -1 given"),
        (
            (one, 1, math.inf, [0, 1]),
            "friction: inf given; 0, or a number from 1e-100 to 1e",
        ),
        ((one, 5e-324, 1, [0, 1]), "mass: 5e-324 given"),
        ((one, 0, 0, [0, 1]), "mass and friction are both 0"),
        ((one, 1, 1, [1, 0]), "times: finite, increasing numbers"),
        ((one, 1, 1, [-1, 0]), "times: finite, increasing numbers"),
        ((one, 1, 1, []), "times: finite, increasing numbers"),
        ((one, 1, 1, [0, math.nan]), "times: finite, increasing numbers"),
    ):
        with pytest.raises(InputError, match=said):
            cd.simulate_continuous(*arguments)
    with pytest.raises(InputError, match="dt: 0 given"):
        cd.discrete(1, 1, 0)
    with pytest.raises(InputError, match="m or μ would be above the largest double"):
        cd.continuous(1e-300, 0.5, 1e10)
    with pytest.raises(InputError, match=r"p: 1\.5 given"):
        cd.continuous(0.1, 1.5, 1)
    with pytest.raises(InputError, match="friction: 0 and k: 1 given"):
        cd.improvement(1, 0, 1)
