"""Sums of doubles against fractions, however far they cancel."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st

from critdamp.engine.arithmetic.exact_sums import (
    absolute_sum,
    distil,
    exact_linear_combination,
    total,
)

pytestmark = pytest.mark.oracle

TERMS = st.floats(-1e50, 1e50, allow_subnormal=False).filter(
    lambda x: x == 0 or abs(x) > 1e-50
)
FACTORS = st.sampled_from([-2.0, -1.0, 0.0, 1.0, 2.0])


def exact(terms):
    """Return the sum of doubles as a fraction."""
    return sum(map(Fraction, terms), Fraction(0))


@given(st.tuples(TERMS, TERMS, TERMS, TERMS))
def test_total(terms):
    found = total(terms)
    assert abs(exact(found) - exact(terms)) <= 2.0**-100 * exact(map(abs, terms))
    assert absolute_sum(terms) == pytest.approx(float(exact(map(abs, terms))))


@given(st.lists(TERMS, min_size=1, max_size=12))
def test_distilled_sums_are_rounded_once(terms):
    # with their negatives and a small rest, nearly everything cancels
    terms = [*terms, *(-x for x in terms[1:]), 1e-60]
    found, expected = distil(np.array(terms)), exact(terms)
    assert abs(exact(found) - expected) <= 2.0**-100 * abs(expected)


@given(TERMS, FACTORS, st.tuples(TERMS, TERMS, TERMS), FACTORS, st.tuples(TERMS, TERMS))
def test_linear_combinations(c, s, trace, d, determinant):
    found = exact_linear_combination(c, s, trace, d, determinant)
    expected = (
        Fraction(c) + Fraction(s) * exact(trace) + Fraction(d) * exact(determinant)
    )
    assert abs(exact(found) - expected) <= 2.0**-98 * abs(expected)


@given(TERMS, TERMS, st.sampled_from([0.0, 1e-60, -1e-45]))
def test_linear_combinations_that_cancel(x, y, rest):
    trace, determinant = (x, y, rest), (x, y)
    found = exact_linear_combination(0.0, 1.0, trace, -1.0, determinant)
    assert abs(exact(found) - Fraction(rest)) <= 2.0**-98 * abs(Fraction(rest))


def test_what_is_not_finite():
    assert np.isnan(distil(np.array([1.0, np.inf, -np.inf])).hi)
    found = exact_linear_combination(1.0, 1.0, (np.inf, 1.0), 0.0, (1.0,))
    assert found == (np.inf, 0.0)
