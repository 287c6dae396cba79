"""The coupled iteration beside the decoupled modes, on real Hessians; per weight."""

import numpy as np
import pytest

import critdamp as cd
from critdamp.data.problems import datasets
from critdamp.data.problems.softmax import Softmax
from critdamp.engine.errors import InputError
from critdamp.engine.simulation.coupled_step import CoupledStep, iterate
from critdamp.engine.spectra.per_weight import per_weight_radius


def softmax():
    inputs, targets = datasets.breast_cancer()
    inputs[:, :-1] -= inputs[:, :-1].mean(axis=0)
    inputs[:, :-1] /= inputs[:, :-1].std(axis=0)
    problem = Softmax(inputs, targets, 1e-3)
    return problem.gradient_and_hessian(problem.minimiser())[1]


def diabetes():
    design, _ = datasets.diabetes()
    design[:, :-1] -= design[:, :-1].mean(axis=0)
    design[:, :-1] /= design[:, :-1].std(axis=0)
    return design.T @ design / len(design)


def random():
    factor = np.random.default_rng(1).standard_normal((90, 60))
    return factor.T @ factor / 90


@pytest.mark.parametrize("make", [softmax, diabetes, random])
def test_real_hessians(make):
    hessian = make()
    spectrum = cd.Spectrum.from_hessian(hessian).filtered()
    best = cd.polyak(spectrum.k[0], spectrum.k[-1])
    n, rng = len(hessian), np.random.default_rng(4)
    # a start without a share in the zero modes, which never settle
    start = np.linalg.pinv(hessian, rcond=1e-12) @ hessian @ rng.standard_normal(n)
    for eps, p in ((1 / spectrum.k[-1], 0.9), (0.9 * best.eps, best.p)):
        found = cd.verify(hessian, eps, p, start=start, steps=5000)
        assert found.difference < 1e-8
        assert found.coupled == found.decoupled > 0
    with_modes = cd.Spectrum.from_hessian(hessian, displacement=start)
    trace = cd.simulate(with_modes, eps, p, found.steps)
    settled = np.flatnonzero(trace.distance > 1e-6 * trace.distance[0])[-1] + 1
    assert settled == found.decoupled


def test_what_diverges_or_never_settles():
    hessian = np.diag([1.0, 2.0])
    found = cd.verify(hessian, 3.0, 0.9, steps=200)
    assert (found.coupled, found.decoupled, found.steps) == (-1, -1, 200)
    found = cd.verify(hessian, 300.0, 0.9, steps=9999)
    assert (found.coupled, found.decoupled, found.steps < 9999) == (-1, -1, True)


def test_per_weight_rates_are_a_scaled_hessian():
    hessian = random()
    eps = np.random.default_rng(2).uniform(0.1, 0.5, len(hessian))
    scaled = np.sqrt(eps)[:, None] * hessian * np.sqrt(eps)
    k = np.linalg.eigvalsh(scaled)
    expected = max(cd.spectral_radius(1.0, 0.8, k[[0, -1]]))
    assert per_weight_radius(hessian, eps, 0.8) == pytest.approx(expected, rel=1e-10)
    momenta = np.linspace(0.1, 0.9, len(hessian))
    radius = per_weight_radius(hessian, eps, momenta)
    start = np.ones(len(hessian))
    norms = []
    step = CoupledStep((momenta, 0.0), (0.0, eps), (0.0, -eps))
    for t, w in enumerate(iterate(hessian.__matmul__, start, step)):
        norms.append(np.linalg.norm(w))
        if t == 3000:
            break
    assert (norms[3000] / norms[2000]) ** 1e-3 == pytest.approx(radius, rel=1e-3)


def test_whole_numbers_are_converted_before_they_are_added():
    whole = np.array([[200, 20], [20, 150]], np.uint8)
    assert cd.verify(whole, 0.005, 0.3) == cd.verify(whole.astype(float), 0.005, 0.3)
    with pytest.raises(InputError, match="not symmetric"):
        cd.verify([[1.0, 0.1], [0.0, 1.0]], 0.5, 0.5)


def test_zero_and_negative_modes_are_left_out():
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    k = np.array([-0.5, 0.0, 0.2, 0.5, 1.0, 2.0])
    hessian = (basis * k) @ basis.T
    start, rates = rng.standard_normal(6), rng.uniform(0.5, 1, 6)
    given = {"start": start, "zero": "drop", "negative": "drop"}
    found = cd.verify(hessian, 0.5, 0.5, **given)
    # by projection onto the positive modes
    kept = basis[:, 2:]
    positive, projected = (kept * k[2:]) @ kept.T, kept @ kept.T @ start
    expected = cd.verify(positive, 0.5, 0.5, start=projected)
    assert found.coupled == found.decoupled == expected.coupled > 0
    for eps in (0.5, rates):
        found = cd.verify(hessian, eps, 0.5, zero="drop", negative="abs")
        assert found.coupled == found.decoupled > 0
        assert found.difference < 1e-9
    with pytest.raises(InputError, match="negative: 1 negative mode"):
        cd.verify(hessian, 0.5, 0.5, negative="error")
    with pytest.raises(InputError, match="zero: no mode of the start is left"):
        cd.verify(np.zeros((2, 2)), 0.5, 0.5, zero="drop")
    assert cd.verify(hessian, 0.5, 0.5, shift=1.0).decoupled > 0


def test_a_mode_that_passes_zero_has_not_settled():
    """w_2 = 0 exactly; the settling time is that of the ufunc, by exact roots."""
    found = cd.verify([[1.0]], 0.5, 0.5)
    expected = cd.settling_time(0.5, 0.5, 1.0, 1e-6)
    assert found.coupled == found.decoupled == expected
    # w passes 0 slowly
    found = cd.verify([[1.0]], 1e-4, 0.99)
    assert found.decoupled == cd.settling_time(1e-4, 0.99, 1.0, 1e-6)


def test_golden_radius_of_a_critical_weight():
    assert per_weight_radius([[1.0]], 0.01, 0.81) == 0.9
    assert per_weight_radius(np.diag([1.0, 0.5]), 0.01, 0.0) == 1 - 0.005


def test_bad_input():
    good = np.eye(2)
    for arguments, options, said in (
        ((np.ones((2, 3)), 0.1, 0.9), {}, "a Hessian is square"),
        ((good, np.nan, 0.9), {}, "eps: nan given"),
        ((good, 0.1, 0.9), {"steps": 0}, "steps: 0 given"),
        ((good, 0.1, 0.9), {"tol": 2}, "tol: 2"),
        ((good, 0.1, 0.9), {"start": [np.nan, 1]}, "start: is 0 or not finite"),
        ((good, 0.1, 0.9), {"steps": 2.5}, "steps: 2.5 given"),
        ((good, 0.1, 0.9), {"start": [1, 2, 3]}, "start: 3 values for 2 weights"),
    ):
        with pytest.raises(InputError, match=said):
            cd.verify(*arguments, **options)
    with pytest.raises(InputError, match="eps: a finite number, or 2 of them"):
        per_weight_radius(good, [1, 2, 3], 0.5)
