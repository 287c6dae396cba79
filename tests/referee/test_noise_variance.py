"""The stationary variance, against Yule-Walker equations in exact fractions."""

import itertools
from fractions import Fraction

import corners
import mpmath
import numpy as np
import oracle
import pytest

import critdamp as cd

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("method", oracle.METHODS)
def test_noise_variance(method, counts):
    points = corners.points(method, corners.share("NOISE_VARIANCES", 800, 3_977), 22)
    found = getattr(cd, method).noise_variance(*np.array(points).T).tolist()
    wrong = []
    for point, value in zip(points, found, strict=True):
        walk = oracle.optimiser(method, *point, w=Fraction(0), noise=(Fraction(1),))
        _, *response = itertools.islice(walk, 3)
        motion = oracle.exact(method, *point)
        right = oracle.noise_variance(*motion[:2], response)
        if right != mpmath.inf:
            right = oracle.number(right)
        if value != right and not abs(value - right) <= 1e-13 * right:
            wrong.append((point, value, float(right)))
    counts("noise variances", len(points))
    counts("noise variances, wrong", len(wrong))
    assert not wrong
