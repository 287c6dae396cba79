"""First entries of a rotation into an arc, against going there step by step."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st

from critdamp.engine.arithmetic.double_double import pair
from critdamp.engine.arithmetic.rotation import first_entry

pytestmark = pytest.mark.oracle


def walked(turn, start, half, most):
    """Return the least j with start − j·turn within half of an integer."""
    turn, place, half = (Fraction(x) for x in (turn, start, half))
    for j in range(most):
        if abs(place - round(place)) <= half:
            return j
        place -= turn
    return None


@given(st.floats(1e-3, 0.999), st.floats(-3, 3), st.floats(1e-3, 0.6))
def test_a_walk_finds_the_same(turn, start, half):
    """But for places at an edge of the arc, which rounding may put on either side."""
    earliest = walked(turn, start, half + 1e-12, 3000)
    latest = walked(turn, start, half - 1e-12, 3000)
    found = first_entry(pair(turn), pair(start), half)
    assert found >= (2999 if earliest is None else earliest)
    assert latest is None or found <= latest


def test_far_entries_are_entries_and_the_first_of_their_kind():
    """At the golden section the first entry is near a Fibonacci number."""
    turn, half = (math.sqrt(5) - 1) / 2, 1e-9
    found = first_entry(pair(turn), pair(0.5), half)
    place = Fraction(1, 2) - int(found) * Fraction(turn)
    assert abs(place - round(place)) <= Fraction(half) * (1 + Fraction(1, 10**6))
    assert 1e7 < found < 1e10


def test_a_rational_turn_may_never_enter():
    assert first_entry(pair(0.25), pair(0.125), 0.01) == np.inf
    assert first_entry(pair(0.25), pair(0.0), 0.0) == 0.0
    assert first_entry(pair(0.3), pair(0.1), 0.5) == 0.0
