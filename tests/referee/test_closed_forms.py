"""Closed forms at random points, half of them where they cancel, against 400 bits."""

import dataclasses

import closed_forms
import effort
import numpy as np
import oracle
import pytest

import critdamp as cd

pytestmark = pytest.mark.oracle
TRIED = effort.number("CLOSED_FORMS", 300, 5000)


@pytest.mark.parametrize("name", closed_forms.FORMS)
def test_closed_forms(name, counts):
    truth, arguments, promised = closed_forms.FORMS[name]
    rng, wrong, worst = np.random.default_rng(8), [], 0.0
    for i in range(TRIED):
        given = arguments(rng, i % 2 == 0)
        found = getattr(cd, name)(*given)
        if dataclasses.is_dataclass(found):
            found = dataclasses.astuple(found)
        errors = [
            oracle.ulps(float(one), other)
            for one, other in zip(np.atleast_1d(found), truth(*given), strict=True)
        ]
        worst = max(worst, *errors)
        if any(e > most for e, most in zip(errors, promised, strict=True)):
            wrong.append((given, found, errors))
    counts("closed forms", TRIED)
    counts("closed forms wrong", len(wrong))
    counts("largest error in ulp", f"{name} {worst:.2f}")
    assert not wrong, wrong[0]
