"""Transient peaks, half of them near resonance, against walks and long doubles."""

import corners
import numpy as np
import oracle
import pytest

import critdamp as cd

pytestmark = pytest.mark.oracle
STEPS = 20_000


def test_near_resonance(counts):
    rng = np.random.default_rng(24)
    many = corners.effort.number("PEAKS", 100, 1_400) // 2
    wrong = []
    for _ in range(many):
        # θ near π·a/b with a short period, and a damping that is slower still
        b = int(rng.integers(2, 60))
        theta = np.pi * int(rng.integers(1, b)) / b
        p = 1.0 - 10 ** rng.uniform(-6, -3)
        eps = 1.0 + p - 2.0 * np.sqrt(p) * np.cos(theta)
        eps += rng.choice([-1, 1]) * 10 ** rng.uniform(-9, -3)
        motion = oracle.exact("heavy_ball", eps, p, 1.0)
        if oracle.regime(*motion) != 3:
            continue
        found = float(cd.transient_peak(eps, p, 1.0))
        right = float(oracle.resonant_peak(*motion))
        if not abs(found - right) <= 1e-13 * right:
            wrong.append((eps, p, found, right))
    counts("transient peaks near resonance", many)
    counts("transient peaks near resonance, wrong", len(wrong))
    assert not wrong


@pytest.mark.parametrize("method", oracle.METHODS)
def test_transient_peak(method, counts):
    many = corners.share("PEAKS", 800, 1_400)
    rng = np.random.default_rng(25)
    tried, wrong = 0, []
    while tried < many:
        point = corners.point(rng, method, tried % 2 == 1)
        motion = oracle.of_start(*oracle.exact(method, *point))
        steps = oracle.horizon(*motion, 1)
        # at ρ = 1 the supremum may be a limit
        if oracle.regime(*motion) == 0 or (steps is not None and steps > STEPS):
            continue
        found = float(getattr(cd, method).transient_peak(*point))
        right = oracle.transient_peak(*motion)
        tried += 1
        if found != right and not abs(found - right) <= 1e-13 * right:
            wrong.append((point, found, float(right)))
    counts("transient peaks", tried)
    counts("transient peaks, wrong", len(wrong))
    assert not wrong
