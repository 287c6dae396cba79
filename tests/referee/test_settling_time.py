"""Settling times of one mode, against walks in whole numbers of 256 bits."""

import corners
import mpmath
import numpy as np
import oracle
import pytest

import critdamp as cd

pytestmark = pytest.mark.oracle
STEPS = 20_000


@pytest.mark.parametrize("method", oracle.METHODS)
def test_settling_time(method, counts):
    many = corners.share("SETTLING_TIMES", 800, 11_800)
    rng = np.random.default_rng(23)
    tried, wrong = 0, []
    while tried < many:
        point = corners.point(rng, method, tried % 2 == 1)
        tol = float(10 ** -rng.choice([rng.uniform(0.01, 9), rng.uniform(9, 60)]))
        motion = oracle.of_start(*oracle.exact(method, *point))
        steps = oracle.horizon(*motion, mpmath.mpf(tol))
        if steps is not None and steps > STEPS:
            continue
        with np.errstate(all="ignore"):
            found = float(getattr(cd, method).settling_time(*point, tol))
        right = oracle.settling_time(*motion, tol)
        tried += 1
        if found != right:
            wrong.append((point, tol, found, right))
    counts("settling times", tried)
    counts("settling times, wrong", len(wrong))
    assert not wrong
