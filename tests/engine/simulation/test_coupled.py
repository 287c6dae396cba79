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
