"""From Hessians to spectra, against analytic values and 60-digit references."""

import mpmath
import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import aslinearoperator

import critdamp as cd
from critdamp.data.problems import datasets
from critdamp.data.problems.perceptron import Perceptron
from critdamp.engine.errors import InputError
from critdamp.engine.spectra import eigenvalues as hessians

pytestmark = pytest.mark.oracle

from_hessian, from_design = cd.Spectrum.from_hessian, cd.Spectrum.from_design


def laplacian(side):
    """Return the 5-point Laplacian of a square with fixed edges, and its values."""
    ones = np.ones(side - 1)
    line = sp.diags_array([-ones, np.full(side, 2.0), -ones], offsets=[-1, 0, 1])
    unit = sp.eye_array(side)
    values = 4 * np.sin(np.pi * np.arange(1, side + 1) / (2 * (side + 1))) ** 2
    matrix = (sp.kron(line, unit) + sp.kron(unit, line)).tocsr()
    return matrix, np.sort(np.add.outer(values, values), axis=None)


@pytest.fixture(scope="module")
def net():
    """Return a small net on real data, parameters, and its dense Hessian."""
    inputs, targets = datasets.digits()
    net = Perceptron(inputs[:150], targets[:150], 4, 1e-2)
    at = net.minimiser(1e-10, 20_000, rate=0.5)
    rows = [net.hessian_product(at, unit) for unit in np.eye(net.size)]
    return net, at, np.array(rows)


def test_dense_and_sparse_laplacian():
    matrix, values = laplacian(20)
    for kind in (matrix, matrix.toarray()):
        found = from_hessian(kind)
        np.testing.assert_allclose(found.k, values, rtol=1e-12)
        assert (found.modes, found.kmin_converged) == (400, True)
        assert found.multiplicities()[0] == (pytest.approx(4.0), 20)
    matrix, values = laplacian(60)
    found = from_hessian(matrix, probes=2)
    np.testing.assert_allclose(found.k[[0, -1]], values[[0, -1]], rtol=1e-11)
    assert found.kmin_converged
    assert found.modes == pytest.approx(3600)
    assert found.weights @ found.k == pytest.approx(values.sum(), rel=0.02)
    again = from_hessian(matrix, probes=2)
    assert found.k.tobytes() == again.k.tobytes()
    other = from_hessian(matrix, probes=2, seed=1)
    assert not np.array_equal(found.k, other.k)


def test_what_has_not_converged_is_flagged():
    matrix, values = laplacian(60)
    found = from_hessian(aslinearoperator(matrix), steps=30)
    assert not found.kmin_converged
    for end in (0, -1):
        gaps = abs(values - found.k[end])
        assert gaps.min() <= found.residuals[end]
    assert found.summary()["kmin_converged"] is False


OUTLIERS = np.linspace(0.1, 1, 20)
CROWDS = {
    "bulk": (np.r_[np.linspace(1e-4, 2e-4, 1500), OUTLIERS], 100),
    "one below": (np.r_[1e-7, np.linspace(2e-6, 6e-6, 1500), OUTLIERS], 25),
    "small": (np.r_[np.linspace(1e-7, 9e-7, 1500), OUTLIERS], 100),
    "constant": (np.ones(900), 30),
    "nothing": (np.zeros(900), 30),
}


@pytest.mark.parametrize("seed", [0, 2])
@pytest.mark.parametrize("name", CROWDS)
def test_bounds_hold_and_what_has_converged_is_right(name, seed):
    """Outliers that are left out must not come back as ghosts below the bulk."""
    truth, steps = CROWDS[name]
    found = from_hessian(lambda v: truth * v, n=truth.size, steps=steps, seed=seed)
    assert found.modes == pytest.approx(truth.size)
    rounding = 1e-13 * truth.max()
    for k, bound in zip(found.k, found.residuals, strict=True):
        assert abs(truth - k).min() <= bound + rounding
    if found.kmin_converged:
        assert found.k[0] == pytest.approx(truth.min(), rel=0.01)


def test_both_ends_of_a_sparse_matrix_may_be_the_same():
    n = 2100
    column = sp.random_array((n, 1), density=0.01, rng=np.random.default_rng(0))
    for matrix, kmin, kmax, zeros in (
        (sp.eye_array(n), 1.0, 1.0, 0),
        (column @ column.T, column.power(2).sum(), column.power(2).sum(), n - 1),
        (sp.diags_array(np.r_[10, 0.1, np.ones(n - 2)]), 0.1, 10.0, 0),
        (sp.csr_array((n, n)), None, 0.0, n),
    ):
        known = from_hessian(matrix.tocsr(), probes=2).summary()
        ends = known["kmin"], known["kmax"], known["zero_modes"], known["modes"]
        for value, right in zip(ends, (kmin, kmax, zeros, n), strict=True):
            assert value == (right and pytest.approx(right, rel=1e-9))
    matrix, values = laplacian(50)
    negative = from_hessian(-matrix, probes=1)
    assert negative.k[-1] == pytest.approx(-values[0], rel=1e-10)
    assert np.count_nonzero(negative.k > -1.5 * values[0]) == 1


def test_single_precision_is_told_from_zero():
    factor = np.random.default_rng(4).standard_normal((60, 20)).astype(np.float32)
    single = from_hessian(aslinearoperator(factor @ factor.T), steps=60)
    assert single.negatives == 0
    assert single.summary()["zero_modes"] == pytest.approx(40, abs=1)
    design = np.random.default_rng(1).standard_normal((9, 3)).astype(np.float16)
    found = from_design(design)
    np.testing.assert_array_equal(found.k, from_design(design.astype(float)).k)


def test_multiplicities():
    several = cd.Spectrum([1.0, 2.0, 2.0, 3.0], [500, 1, 1, 1], tolerance=5.0)
    assert several.multiplicities() == [(1.0, 500), (2.0, 2)]
    assert cd.Spectrum([1.0, 1.0], [0.5, 1.5]).multiplicities() == []


@pytest.mark.parametrize("steps", [40, 120])
def test_quadrature_of_a_net(net, steps):
    small, at, hessian = net
    truth = np.linalg.eigvalsh(hessian)

    def product(vector):
        return small.hessian_product(at, vector)

    found = from_hessian(product, n=small.size, steps=steps)
    assert found.k[-1] == pytest.approx(truth[-1], rel=1e-10)
    right = found.k[0] == pytest.approx(truth[0], rel=0.01)
    assert right or not found.kmin_converged
    outliers = np.count_nonzero(truth > 0.1 * truth[-1])
    assert found.summary()["above_tenth"] == pytest.approx(outliers, abs=0.3)
    assert found.modes == pytest.approx(small.size)


def test_product_is_the_derivative_of_the_gradient(net):
    small, at, hessian = net
    assert abs(hessian - hessian.T).max() < 1e-14
    rng = np.random.default_rng(2)
    vector, step = rng.standard_normal(small.size), 1e-5
    ends = [small.loss_and_gradient(at + s * step * vector) for s in (1, -1)]
    (up, gradient_up), (down, gradient_down) = ends
    gradient = small.loss_and_gradient(at + 0.1)[1]
    places = [at + 0.1 + s * step * vector for s in (1, -1)]
    ahead, behind = (small.loss_and_gradient(place)[0] for place in places)
    assert (ahead - behind) / (2 * step) == pytest.approx(gradient @ vector, rel=1e-6)
    slope = (gradient_up - gradient_down) / (2 * step)
    np.testing.assert_allclose(slope, hessian @ vector, atol=1e-8)
    assert up == pytest.approx(down, abs=1e-8)


def test_nodes_of_a_displacement_give_the_loss_exactly(net):
    _, _, hessian = net
    rng = np.random.default_rng(5)
    start, steps, eps, p = rng.standard_normal(len(hessian)), 12, 0.5, 0.8
    options = {"n": len(start), "displacement": start, "steps": steps}
    found = from_hessian(hessian.__matmul__, **options)
    dense = from_hessian(hessian, displacement=start)
    w, last = start, start
    for t in range(steps):
        loss = 0.5 * w @ hessian @ w
        for spectrum in (found, dense):
            modes = np.ones(len(spectrum)), np.ones(len(spectrum))
            for _ in range(t):
                factor = 1 + p - eps * spectrum.k
                modes = factor * modes[0] - p * modes[1], modes[0]
            shares = spectrum.displacement * spectrum.k * modes[0] ** 2
            assert 0.5 * shares.sum() == pytest.approx(loss, rel=1e-11)
        w, last = w - eps * hessian @ w + p * (w - last), w


def references(design):
    """Return the eigenvalues of XᵀX/N to 60 digits."""
    with mpmath.workdps(60):
        exact = mpmath.matrix(design.tolist())
        return sorted(mpmath.eigsy(exact.T * exact / len(design), eigvals_only=True))


def longley_like(rng):
    """Return a design of seven columns of very different size, nearly dependent."""
    trend = np.arange(16.0)[:, None]
    scales = np.array([1.0, 1e5, 1e3, 1e3, 1e5, 1.0, 1.0])
    noise = rng.standard_normal((16, 7)) * 1e-3
    design = scales * (1 + 0.05 * trend + noise)
    design[:, 0] = 1.0
    design[:, 6] = 1947 + trend[:, 0]
    return design


def test_design_matrices_keep_the_small_end():
    cancer, _ = datasets.breast_cancer()
    designs = [datasets.diabetes()[0], cancer, longley_like(np.random.default_rng(7))]
    for design in designs:
        found = from_design(design)
        truth = [float(value) for value in references(design)]
        np.testing.assert_allclose(found.k, truth, rtol=1e-9)
        assert found.zeros == 0
    assert found.k[-1] / found.k[0] > 1e15  # where XᵀX has lost it
    wide = from_design(np.random.default_rng(1).standard_normal((3, 5)))
    assert (len(wide), wide.zeros) == (5, 2)


def test_zero_and_negative_modes_are_treated_as_asked():
    spectrum = cd.Spectrum([-0.5, 0.0, 1e-20, 1.0, 2.0], [1, 2, 3, 4, 5], name="five")
    with pytest.raises(InputError, match=r"five: 1 negative mode,.*filtered"):
        spectrum.filtered()
    assert spectrum.filtered(negative="drop").k.tolist() == [1.0, 2.0]
    assert spectrum.filtered(negative="abs").k.tolist() == [0.5, 1.0, 2.0]
    assert spectrum.filtered(negative="abs").weights.tolist() == [1, 4, 5]
    assert len(spectrum.filtered("keep", "keep")) == 5
    shifted = spectrum.filtered(shift=0.75)
    assert shifted.k.tolist() == [0.25, 0.75, 0.75, 1.75, 2.75]
    assert len(spectrum.filtered(negative="drop", tolerance=1.5)) == 1
    with pytest.raises(InputError, match=r"all modes are zero, \|k\| ≤ 0"):
        cd.Spectrum([0.0, 0.0]).filtered()


def test_what_is_no_hessian_is_refused(monkeypatch):
    good = np.diag([1.0, 2.0, 3.0])
    for change, said in (
        (lambda m: m[:2], r"shape \(2, 3\): a Hessian is square"),
        (lambda m: m + np.triu(np.ones((3, 3))), r"not symmetric: max\|H − Hᵀ\| is"),
        (lambda m: m * [1, np.nan, 1], r"value at \(0, 1\) is nan, not finite"),
        (lambda m: m + 1j, "holds complex128, real numbers are needed"),
        (lambda m: m.astype(object), "holds object, real numbers are needed"),
        (lambda m: m[:0, :0], r"shape \(0, 0\): the matrix is empty"),
    ):
        with pytest.raises(InputError, match=said):
            from_hessian(change(good))
    with pytest.raises(InputError, match=r"value at \(2, 1\) is inf"):
        from_hessian(sp.csr_array(([np.inf], ([2], [1])), shape=(3, 3)))
    with pytest.raises(InputError, match="not symmetric: uᵀHv and vᵀHu differ"):
        from_hessian(aslinearoperator(np.triu(np.ones((30, 30)))))
    with pytest.raises(
        InputError, match="product 0 with the Hessian is nan at index 1"
    ):
        from_hessian(lambda v: v * [1, np.nan], n=2)
    with pytest.raises(InputError, match="n: a function v → Hv needs its size"):
        from_hessian(lambda v: v)
    with pytest.raises(InputError, match="n: 0 given"):
        from_hessian(lambda v: v, n=0)
    with pytest.raises(InputError, match="seed: -1 given"):
        from_hessian(aslinearoperator(good), seed=-1)
    with pytest.raises(InputError, match="steps: 0 given"):
        from_hessian(aslinearoperator(good), steps=0)
    with pytest.raises(InputError, match="displacement: 2 values for 3 weights"):
        from_hessian(good, displacement=[1, 2])
    with pytest.raises(InputError, match="is 0 or not finite"):
        from_hessian(good.__matmul__, n=3, displacement=np.zeros(3))
    monkeypatch.setattr(hessians.os, "sysconf", lambda _name: 1)
    with pytest.raises(
        InputError, match=r"need 2\.16e-07 GB, this machine has 1e-09 GB"
    ):
        from_hessian(good)
