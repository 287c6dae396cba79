"""Elementary functions of double-doubles against mpmath."""

import mpmath
import pytest
from hypothesis import given, strategies as st

from critdamp.engine.arithmetic.double_double import Pair, pair, subtract, two_sum
from critdamp.engine.arithmetic.elementary import (
    PI,
    atan2,
    exp,
    expm1,
    log,
    log1p,
    sine_cosine,
)

pytestmark = pytest.mark.oracle

LOW = st.floats(-0.4, 0.4)
# 1 + 1e-250 has its digits
BITS = 1000


def numbers(least, most):
    """Return pairs between two doubles, their low halves not zero."""

    def make(hi, share):
        return Pair(*two_sum(hi, share * abs(hi) * 2.0**-53))

    # the low half of a tinier number has no digits left
    sizes = st.floats(least, most).filter(lambda x: x == 0 or abs(x) > 1e-250)
    return st.builds(make, sizes, LOW)


def value(a):
    return mpmath.mpf(a.hi) + mpmath.mpf(a.lo)


def relative(found, expected):
    """Return the relative error of a pair, its error where zero is expected."""
    off = abs(value(found) - expected)
    return off / abs(expected) if expected else off


@given(numbers(-600, 600))
def test_exp(a):
    with mpmath.workprec(BITS):
        assert relative(exp(a), mpmath.exp(value(a))) <= 2.0**-95


@given(numbers(-40, 40) | numbers(-1e-8, 1e-8))
def test_expm1(a):
    with mpmath.workprec(BITS):
        assert relative(expm1(a), mpmath.expm1(value(a))) <= 2.0**-95


@given(numbers(-0.999, 1e10) | numbers(-1e-8, 1e-8))
def test_log1p(a):
    with mpmath.workprec(BITS):
        expected = mpmath.log1p(value(a))
        assert relative(log1p(a), expected) <= 2.0**-93


@given(numbers(1e-200, 1e300) | numbers(0.9, 1.1))
def test_log(a):
    with mpmath.workprec(BITS):
        expected = mpmath.log(value(a))
        found = log(a, subtract(pair(1.0), a))
        assert relative(found, expected) <= 2.0**-93


@given(numbers(-1e6, 1e6) | numbers(-4, 4))
def test_sine_and_cosine(a):
    with mpmath.workprec(BITS):
        sine, cosine = sine_cosine(a)
        limit = 2.0**-98 * (1 + abs(value(a)))
        assert abs(value(sine) - mpmath.sin(value(a))) <= limit
        assert abs(value(cosine) - mpmath.cos(value(a))) <= limit


@given(numbers(1e-12, 1e3), numbers(-1e3, 1e3))
def test_atan2(y, x):
    with mpmath.workprec(BITS):
        assert relative(atan2(y, x), mpmath.atan2(value(y), value(x))) <= 2.0**-95


def test_golden_pi():
    with mpmath.workprec(BITS):
        assert abs(value(PI) - mpmath.pi) < 2.0**-106 * mpmath.pi


def test_exp_beyond_the_range_is_zero():
    assert exp(pair(-701.0)) == (0.0, 0.0)
    assert expm1(pair(-701.0)) == (-1.0, 0.0)
