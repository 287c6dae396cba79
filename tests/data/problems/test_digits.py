"""The bundled spectrum: its Hessian is the loss's, and its script makes it again."""

import numpy as np
import pytest

import critdamp as cd
from critdamp.data.formats.spectrum_file import save_spectrum
from critdamp.data.problems import digits_softmax
from critdamp.data.problems.digits_softmax import PENALTY
from critdamp.data.problems.softmax import Softmax
from critdamp.engine.errors import InputError


def loss(weights, inputs, targets):
    """Return the loss as people write it."""
    logits = inputs @ weights.T
    entropy = np.log(np.exp(logits).sum(axis=1)) - (logits * targets).sum(axis=1)
    return entropy.mean() + PENALTY / 2 * (weights[:, :-1] ** 2).sum()


def test_gradient_and_hessian_are_those_of_the_loss():
    rng = np.random.default_rng(12)
    inputs = np.hstack([rng.random((40, 3)), np.ones((40, 1))])
    targets = np.eye(10)[rng.integers(10, size=40)]
    weights, step = rng.normal(size=(10, 4)), 1e-5
    problem = Softmax(inputs, targets, PENALTY)
    gradient, hessian = problem.gradient_and_hessian(weights)
    for at in rng.integers(weights.size, size=8):
        moved = np.zeros(weights.size)
        moved[at] = step
        ends = [weights + sign * moved.reshape(weights.shape) for sign in (1, -1)]
        up, down = (loss(end, inputs, targets) for end in ends)
        assert (up - down) / (2 * step) == pytest.approx(gradient[at], abs=1e-8)
        up, down = (problem.gradient_and_hessian(end)[0] for end in ends)
        np.testing.assert_allclose((up - down) / (2 * step), hessian[at], atol=1e-8)


@pytest.mark.slow
def test_script_makes_the_boxed_spectrum_again():
    shipped = cd.load_spectrum("digits-softmax")
    made, norm = digits_softmax.spectrum()
    assert norm < 1e-14
    assert (len(made), made.zeros, made.negatives) == (650, 1, 0)
    np.testing.assert_allclose(shipped.positive.k, made.positive.k, rtol=1e-10)


def test_spectrum_file_round_trip(tmp_path):
    spectrum = cd.Spectrum([0.5, 0.5, 2.0], [1, 2, 3], [0, 1, 4], name="three")
    save_spectrum(spectrum, tmp_path / "three.h5", {"comment": "made up"})
    found = cd.load_spectrum(tmp_path / "three.h5")
    assert found.name == "three"
    for name, values in spectrum.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], values)
    save_spectrum(spectrum, tmp_path / "three.h5")  # no provenance of its own
    assert cd.load_spectrum(tmp_path / "three.h5").name == "three"
    with pytest.raises(InputError, match=r"digits-softmax\)"):
        cd.load_spectrum(tmp_path / "none.h5")
