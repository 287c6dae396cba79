"""w_t of one mode at any step, against powers of its matrix to 400 bits."""

import mpmath
import numpy as np
import oracle
import pytest
from hypothesis import assume, given, strategies as st

from critdamp.engine.modes.methods import METHODS
from critdamp.engine.modes.motion import exact_size
from critdamp.engine.modes.powers import matrix_power

pytestmark = pytest.mark.oracle

# double-doubles of tinier numbers have no digits left
MOMENTA = st.floats(-0.99, 0.9999).filter(lambda p: p == 0 or abs(p) > 1e-150)
POINTS = st.tuples(st.floats(1e-6, 4.0), MOMENTA)
STEPS = st.integers(1, 10**7)


def motion(eps, p, t):
    """Return |w_t| by the power of the matrix, and the largest it may be there."""
    trace, determinant, first = oracle.exact("heavy_ball", eps, p, 1.0)
    size = oracle.moduli(trace, determinant)[0] ** (int(t) - 1) * t
    return oracle.position(trace, determinant, first, t), size


@given(POINTS, STEPS)
def test_exact_size(point, t):
    eps, p = point
    assume(abs(eps) < 2 + 2 * p)
    recurrence = METHODS["heavy_ball"].recurrence(eps, p, 1.0)
    expected, size = motion(eps, p, t)
    assume(size > 1e-250)
    hi, lo = exact_size(recurrence, float(t))
    assert abs(mpmath.mpf(hi) + mpmath.mpf(lo) - expected) <= 1e-22 * size


@pytest.mark.parametrize("p", [0.25, 0.81, 0.9801])
@pytest.mark.parametrize("off", [0.0, 1e-15, -1e-15, 1e-9])
def test_exact_size_at_critical_damping(p, off):
    eps = float((1 - np.sqrt(p)) ** 2 + off)
    for t in (1, 2, 7, 100):
        expected, size = motion(eps, p, t)
        hi, lo = exact_size(METHODS["heavy_ball"].recurrence(eps, p, 1.0), float(t))
        assert abs(mpmath.mpf(hi) + mpmath.mpf(lo) - expected) <= 1e-20 * size


@given(POINTS, st.integers(0, 2**20))
def test_powers(point, m):
    eps, p = point
    assume(abs(eps) < 2 + 2 * p)
    trace, determinant, w, margin, step = matrix_power(
        METHODS["heavy_ball"].recurrence(eps, p, 1.0), float(m)
    )
    t, d, first = (oracle.number(x) for x in oracle.exact("heavy_ball", eps, p, 1.0))
    power = mpmath.matrix([[t, -d], [1, 0]]) ** m
    expected = power[0, 0] + power[1, 1], d**m, power[1, 0] * first + power[1, 1]
    size = max(
        1e-300,
        float(oracle.moduli(*oracle.exact("heavy_ball", eps, p, 1.0)[:2])[0]) ** m
        * (m + 1),
    )
    for found, value in zip((trace, determinant, w), expected, strict=True):
        assert abs(found - value) <= 1e-12 * size
    assert abs(margin - (1 - expected[0] + expected[1])) <= 1e-12 * (1 + size)
    assert abs(step - (expected[2] - 1)) <= 1e-12 * (1 + size)


@pytest.mark.parametrize("p", [1e-302, 1e-310, 5e-324, -5e-324])
@pytest.mark.parametrize("eps", [0.1, 0.5, 1.0, 1.5])
def test_exact_size_at_the_least_momenta(p, eps):
    recurrence = METHODS["heavy_ball"].recurrence(eps, p, 1.0)
    for t in (1, 2, 30):
        hi, lo = exact_size(recurrence, float(t))
        expected, _ = motion(eps, p, t)
        assert abs(mpmath.mpf(hi) + mpmath.mpf(lo) - expected) <= max(
            1e-28 * expected, 1e-290
        )
