"""Where a quantity says that its worst mode is an end of a spectrum, it is."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import critdamp as cd
from critdamp.engine.modes.methods import METHODS
from critdamp.engine.quantities.registry import QUANTITIES

WORST = [name for name, quantity in QUANTITIES.items() if quantity.worst]
RANGES = {"eps": (1e-4, 5.0), "p": (-1.2, 1.2), "nu": (-0.5, 1.5)}


def test_some_have_a_worst_end():
    assert {"spectral_radius", "rate"} <= set(WORST)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", WORST)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_mode_between_is_worse(name, method, data):
    parameters = [
        data.draw(st.floats(*RANGES.get(one, (-1.0, 1.0))), label=one)
        for one in METHODS[method].parameters
    ]
    low = data.draw(st.floats(1e-3, 1.0), label="kmin")
    high = low * data.draw(st.floats(1.0, 1e4), label="condition")
    k = np.concatenate([np.geomspace(low, high, 300), np.linspace(low, high, 300)])
    k = np.clip(k, low, high)  # spacing rounds
    values = getattr(getattr(cd, method), name)(*parameters, k)
    ends = getattr(getattr(cd, method), name)(*parameters, np.array([low, high]))
    sign = 1.0 if QUANTITIES[name].worst == "max" else -1.0
    # rounding of two results, relative to their size or to 1
    slack = 1e-13 * np.clip(abs(values), 1.0, 1e300)
    assert (sign * values <= (sign * ends).max() + slack).all()
