"""Training beside its prediction; per-weight rates; operators beside matrices."""

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

import critdamp as cd
from critdamp.data.problems.tasks import task_of
from critdamp.engine.callbacks import ignore
from critdamp.engine.errors import InputError
from critdamp.engine.spectra.per_weight import inverse_diagonal


@pytest.fixture(scope="module")
def task():
    return task_of("breast-cancer-softmax", ignore)


def laplacian(n):
    return sparse.diags_array(
        [-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(n, n)
    ).tocsr()


def test_training_takes_the_iterations_that_are_predicted(task):
    """Counts agree to the iteration for settings that are safely stable."""
    k = cd.Spectrum.from_hessian(task.hessian).filtered().k
    for eps, p in ((2 / (k[0] + k[-1]), 0.0), (1 / k[-1], 0.9), (1.98 / k[-1], 0.5)):
        found = cd.verify_training(task.gradient, task.minimiser, task.hessian, eps, p)
        assert found.predicted == found.trained > 100
        assert found.trained_peak == pytest.approx(found.predicted_peak, rel=1e-3)
        assert found.difference < 0.02


def test_training_far_from_the_minimum_is_another_matter(task):
    """The modes are those of a quadratic: how near it has to be shows by its error."""
    errors = [
        cd.verify_training(
            task.gradient, task.minimiser, task.hessian, 3.0, 0.9, scale=scale, steps=60
        ).difference
        for scale in (1e-5, 1e-4, 1e-3)
    ]
    assert errors[1] / errors[0] == pytest.approx(10, rel=0.1)
    assert errors[2] / errors[1] == pytest.approx(10, rel=0.1)


def test_training_that_diverges_says_so(task):
    limit = 2 * 1.9 / np.linalg.eigvalsh(task.hessian)[-1]
    found = cd.verify_training(
        task.gradient, task.minimiser, task.hessian, 1.2 * limit, 0.9, steps=2000
    )
    assert (found.predicted, found.trained) == (-1, -1)


def test_an_operator_is_taken_as_its_matrix_is():
    matrix = laplacian(60)
    operator = LinearOperator(matrix.shape, matvec=matrix.__matmul__, dtype=float)
    expected = cd.verify(matrix.toarray(), 0.5, 0.9, steps=3000)
    for hessian in (matrix, operator):
        found = cd.verify(hessian, 0.5, 0.9, steps=3000)
        assert found.coupled == expected.coupled > 0
        assert found.decoupled == expected.decoupled
        assert found.modes == 60


def test_a_krylov_space_is_exact_for_as_many_steps():
    n = 2500
    found = cd.verify(laplacian(n), 0.5, 0.5, steps=39, depth=40)
    assert found.modes == 40
    assert found.difference < 1e-12
    assert cd.verify(laplacian(n), 0.5, 0.5, steps=80, depth=40).difference > 1e-9


def test_rates_for_each_weight_have_modes_too():
    rng = np.random.default_rng(5)
    factor = rng.standard_normal((60, 30)) * np.geomspace(0.01, 10, 30)
    hessian = factor.T @ factor / 60
    rates = 0.3 * inverse_diagonal(hessian)
    found = cd.verify(hessian, rates, 0.9, steps=50_000)
    assert found.coupled == found.decoupled > 0
    assert found.difference < 1e-8
    k = np.linalg.eigvalsh(cd.scaled(hessian, rates))
    radius = cd.spectral_radius(1.0, 0.9, k[[0, -1]]).max()
    assert cd.per_weight_radius(hessian, rates, 0.9) == pytest.approx(radius, rel=1e-10)
    # what it is for: a badly scaled problem becomes a good one
    plain = np.linalg.cond(hessian)
    assert k[-1] / k[0] < 1e-3 * plain


def test_diagonals():
    matrix = laplacian(40) + sparse.diags_array(np.arange(40.0))
    operator = LinearOperator(matrix.shape, matvec=matrix.__matmul__, dtype=float)
    exact = np.arange(2.0, 42.0)
    for hessian in (matrix, matrix.toarray(), operator):
        np.testing.assert_array_equal(cd.diagonal(hessian), exact)
    estimate = cd.diagonal(operator, probes=400)
    # each is off by the sum of two random signs over √probes
    assert abs(estimate - exact).max() < 4 * np.sqrt(2 / 400)


def test_scaled_operators_are_scaled_matrices():
    matrix, rates = laplacian(12), np.linspace(0.5, 2, 12)
    operator = LinearOperator(matrix.shape, matvec=matrix.__matmul__, dtype=float)
    dense = cd.scaled(matrix.toarray(), rates)
    np.testing.assert_allclose(cd.scaled(matrix, rates).toarray(), dense)
    np.testing.assert_allclose(cd.scaled(operator, rates) @ np.eye(12), dense)


def test_bad_input(task):
    parts = task.gradient, task.minimiser, task.hessian
    for options, said in (({"scale": 0.0}, "scale: 0"), ({"tol": 2.0}, "tol: 2")):
        with pytest.raises(InputError, match=said):
            cd.verify_training(*parts, 0.1, 0.9, **options)
    with pytest.raises(InputError, match="eps: nan"):
        cd.verify_training(*parts, np.nan, 0.9)
    with pytest.raises(InputError, match="h_ii of weight 1 is -1"):
        inverse_diagonal(np.diag([1.0, -1.0]))
    with pytest.raises(InputError, match="rate of weight 0 is 0"):
        cd.scaled(np.eye(2), [0.0, 1.0])
    with pytest.raises(InputError, match="rates: 3 values for 2"):
        cd.scaled(np.eye(2), [1.0, 1.0, 1.0])
    with pytest.raises(InputError, match="no training"):
        task_of("digits-mlp-large", ignore)
    with pytest.raises(
        InputError, match="rates for each weight need a matrix of at most"
    ):
        cd.verify(laplacian(2500), np.ones(2500), 0.9)
