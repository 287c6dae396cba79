"""Double-doubles against exact fractions and 400 bits."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, strategies as st

from critdamp.engine.arithmetic.double_double import (
    Pair,
    absolute,
    add,
    divide,
    is_above,
    multiply,
    negative,
    pair,
    product,
    quick_two_sum,
    root,
    scaled,
    subtract,
    two_sum,
)

pytestmark = pytest.mark.oracle

DOUBLES = st.floats(-1e100, 1e100, allow_subnormal=False).filter(
    lambda x: x == 0 or abs(x) > 1e-100
)


@st.composite
def pairs(draw):
    """Return a normalised pair, its low half zero, tiny or half an ulp."""
    hi = draw(DOUBLES)
    lo = draw(st.sampled_from([0.0, 0.25, -0.49, 1e-9, 1e-17])) * float(np.spacing(hi))
    return Pair(*two_sum(hi, lo if hi else 0.0))


def exact(a):
    """Return the number that a pair is."""
    return Fraction(a[0]) + Fraction(a[1])


def error(found, expected, scale=None):
    """Return the error of a pair, relative to its value or to a scale."""
    size = abs(expected) if scale is None else scale
    off = abs(exact(found) - expected)
    return off / size if size else off


@given(DOUBLES, DOUBLES)
def test_error_free_steps_lose_nothing(a, b):
    assert exact(two_sum(a, b)) == Fraction(a) + Fraction(b)
    large, small = (a, b) if abs(a) >= abs(b) else (b, a)
    assert exact(quick_two_sum(large, small)) == Fraction(a) + Fraction(b)
    if a == 0 or b == 0 or 1e-250 < abs(a * b) < 1e250:
        assert exact(product(a, b)) == Fraction(a) * Fraction(b)


@given(pairs(), pairs())
def test_sums_and_products(a, b):
    assert error(add(a, b), exact(a) + exact(b)) <= 2.0**-102
    assert error(subtract(a, b), exact(a) - exact(b)) <= 2.0**-102
    assert error(multiply(a, b), exact(a) * exact(b)) <= 2.0**-102


@given(pairs(), pairs().filter(lambda b: b.hi != 0))
def test_quotients(a, b):
    assert error(divide(a, b), exact(a) / exact(b)) <= 2.0**-101


@given(pairs())
def test_roots(a):
    a = absolute(a)
    with mpmath.workprec(400):
        value = mpmath.sqrt(mpmath.mpf(a.hi) + mpmath.mpf(a.lo))
        found = root(a)
        off = abs(mpmath.mpf(found.hi) + mpmath.mpf(found.lo) - value)
        assert off <= 2.0**-101 * value


def test_a_root_of_nothing_is_nothing():
    assert root(pair(0.0)) == (0.0, 0.0)
    assert root(pair(-1.0)) == (0.0, 0.0)


@given(pairs(), pairs())
def test_results_are_normalised(a, b):
    for found in (add(a, b), multiply(a, b), root(absolute(a))):
        assert found.hi + found.lo == found.hi


@given(pairs(), DOUBLES)
def test_signs_and_order(a, x):
    assert exact(negative(a)) == -exact(a)
    assert exact(absolute(a)) == abs(exact(a))
    assert exact(scaled(a, -4.0)) == -4 * exact(a)
    assert is_above(a, x) == (exact(a) > Fraction(x))
    assert is_above(a, a.hi) == (a.lo > 0)
