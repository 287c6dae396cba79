"""Trajectories of random spectra, methods and records, against 400 bits."""

import effort
import mpmath
import numpy as np
import pytest
import trajectories

import critdamp as cd

pytestmark = pytest.mark.oracle
TRIED = effort.number("TRAJECTORIES", 24, 264)
# of what the sums are with each w at its envelope: 1e−12 in w is twice that in w²
TOLERANCE, LEAST, MOST = 2e-12, 1e-280, 1e280
# of w of an oscillator
NEAR = 1e-14


def errors(case, places):
    """Return the largest errors of loss and distance² at some places, relative."""
    found, worst = case.run(), 0.0
    for place in np.unique(np.linspace(0, found.times.size - 1, places).astype(int)):
        loss, square, *sizes = trajectories.exact_loss(case, int(found.times[place]))
        if max(sizes) > MOST:
            continue
        # not numpy's square, which overflows
        shown = found.loss[place], mpmath.mpf(found.distance[place]) ** 2
        for one, other, size in zip(shown, (loss, square), sizes, strict=True):
            worst = max(worst, float(abs(one - other) / (size + LEAST)))
        assert found.loss[place] >= 0
    return worst


def test_trajectories(counts):
    rng = np.random.default_rng(20)
    wrong = []
    worst = 0.0
    for i in range(TRIED):
        case = trajectories.random_case(rng, hard=i % 2 == 0)
        error = errors(case, 12)
        worst = max(worst, error)
        if not error <= TOLERANCE:
            wrong.append((case, error))
    counts("trajectories", TRIED)
    counts("trajectories wrong", len(wrong))
    counts("largest error of a loss or distance²", f"{worst:.1e}")
    assert not wrong, wrong[0]


def test_oscillators(counts):
    rng = np.random.default_rng(21)
    wrong = []
    for i in range(TRIED):
        mass, friction, k, times = trajectories.random_oscillator(rng, i % 2 == 0)
        found = cd.simulate_continuous(cd.Spectrum([k]), mass, friction, times)
        for t, distance in zip(times, found.distance, strict=True):
            w, _, envelope = trajectories.oscillator(mass, friction, k, t)
            error = float(abs(distance - abs(w)) / (envelope + LEAST))
            if not error <= NEAR:
                wrong.append((mass, friction, k, t, error))
    counts("oscillators", TRIED)
    counts("oscillators wrong", len(wrong))
    assert not wrong, wrong[0]
