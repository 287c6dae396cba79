"""The ends of spectra: evidence, scales, zero modes, and what is kept of them."""

import numpy as np
import pytest
import scipy.sparse as sp

import critdamp as cd
from critdamp.engine.errors import InputError

pytestmark = pytest.mark.oracle

from_hessian, from_design = cd.Spectrum.from_hessian, cd.Spectrum.from_design


def operator(k, **options):
    """Return the spectrum of v → k·v."""
    return from_hessian(lambda v: k * v, n=k.size, **options)


HIDDEN = {
    "one below a cluster": np.r_[
        np.full(30_000, 1e-5), 0.8e-5, np.linspace(0.003, 1, 1500)
    ],
    "breakdown": np.r_[np.ones(300), np.full(2699, 1e-11), 1e-12],
    "one below a narrow bulk": np.r_[np.linspace(0.995, 1.005, 3000), 0.5],
}


@pytest.mark.parametrize("name", HIDDEN)
def test_small_residuals_are_no_evidence_for_an_end(name):
    """In each case one eigenvalue is below the smallest node or its cluster."""
    k = HIDDEN[name]
    found = operator(k, steps=1 if "narrow" in name else 100)
    assert not found.kmin_converged
    # what the spectrum says of kmin reaches to the true one
    assert found.k[0] - found.residuals[0] <= k.min()


def test_more_steps_give_the_evidence():
    for steps, converged in ((1, False), (50, True)):
        found = operator(HIDDEN["one below a narrow bulk"], steps=steps)
        assert (found.kmin_converged, found.kmax_converged) == (converged, converged)
    assert found.k[0] == pytest.approx(0.5, rel=1e-12)


def test_zeros_beside_one_mode():
    k = np.r_[np.zeros(2499), 1.0]
    for found in (operator(k), from_hessian(sp.diags_array(k).tocsr())):
        known = found.summary()
        assert (known["kmin"], known["kmax"]) == pytest.approx((1.0, 1.0), rel=1e-12)
        assert known["zero_modes"] == 2499
        assert found.kmin_converged
        assert found.weights.min() > 1e-3  # no ghosts


def test_a_displacement_says_nothing_of_the_modes_that_it_does_not_touch():
    k = np.linspace(0.1, 1, 2500)
    start = np.r_[np.zeros(500), np.ones(2000)]
    found = operator(k, displacement=start, steps=80)
    assert (found.kmin_converged, found.kmax_converged) == (False, False)
    exact = from_hessian(np.diag(k[400:600]), displacement=start[400:600])
    assert exact.kmin_converged


@pytest.mark.parametrize("exponent", [-300, -200, -160, 160, 300, 307])
def test_scales(exponent):
    k = np.linspace(1, 5, 2100) * 10.0**exponent
    for found in (operator(k), from_hessian(sp.diags_array(k).tocsr(), probes=1)):
        assert found.kmin_converged
        assert found.kmax_converged
        assert found.k[0] == pytest.approx(k[0], rel=0.01)
        assert found.k[-1] == pytest.approx(k[-1], rel=0.01)
    dense = from_hessian(np.diag(k[:30]))
    np.testing.assert_allclose(dense.k, k[:30], rtol=1e-13)
    root = np.sqrt(k[[0, -1]])
    np.testing.assert_allclose(from_design(np.diag(root)).k, k[[0, -1]] / 2, rtol=1e-14)


def test_squares_that_are_no_doubles_are_refused():
    for size in (1e-170, 1e170):
        with pytest.raises(InputError, match="out of the range of doubles"):
            from_design(np.eye(3) * size)
        with pytest.raises(InputError, match="displacement: the largest value is 1e"):
            from_hessian(np.eye(3), displacement=np.full(3, size))


def test_dense_kmin_beside_the_rounding_error():
    """H = Q diag(k) Q with a reflection Q: kmin is right, or not called converged."""
    rng = np.random.default_rng(3)
    for seed in range(60):
        k = np.geomspace(10.0 ** rng.uniform(-14, -9), 1, 60)
        u = np.random.default_rng(seed).standard_normal((60, 1))
        turn = np.eye(60) - 2 * u @ u.T / (u.T @ u)
        found = from_hessian((matrix := turn * k @ turn) / 2 + matrix.T / 2)
        if found.kmin_converged:
            assert found.summary()["kmin"] == pytest.approx(k[0], rel=0.01)


@pytest.mark.parametrize("paths", [20, 45])
def test_every_component_of_a_graph_has_a_zero_mode(paths):
    """A path of n nodes has the eigenvalues 4 sin²(πj/2n), j = 0 … n − 1."""
    n = 120
    ends = np.r_[1.0, np.full(n - 2, 2.0), 1.0]
    path = sp.diags_array([-np.ones(n - 1), ends, -np.ones(n - 1)], offsets=[-1, 0, 1])
    found = from_hessian(sp.block_diag([path] * paths).tocsr(), probes=1)
    assert found.zeros == paths
    kmin = 4 * np.sin(np.pi / (2 * n)) ** 2
    assert found.kmin_converged
    assert found.summary()["kmin"] == pytest.approx(kmin, rel=1e-9)


def test_filtering_keeps_the_zero_tolerance():
    """The zeros of 2,000 modes are no positive modes of what is left of them."""
    noise = 3e-13 * np.linspace(-1, 1, 1800)
    spectrum = cd.Spectrum(np.sort(np.r_[-np.ones(100), noise, np.full(100, 1.0)]))
    assert spectrum.zeros == 1800
    kept = spectrum.filtered(zero="keep", negative="drop")
    assert (kept.zeros, kept.negatives, kept.negatives_dropped) == (1800, 0, 100)
    assert kept.summary()["kmin"] == 1.0
    assert kept.filtered().k.tolist() == [1.0] * 100


def test_all_modes_zero():
    spectrum = from_hessian(np.zeros((3, 3)))
    known = spectrum.summary()
    assert (known["kmin"], known["condition"], known["zero_modes"]) == (None, None, 3)
    with pytest.raises(InputError, match="all modes are zero"):
        spectrum.filtered()


def test_small_operators_are_exact():
    k = np.r_[-np.ones(87), np.zeros(17), np.linspace(0.1, 1, 91)]
    done = []
    found = operator(k, progress=lambda count, total: done.append((count, total)))
    known = found.summary()
    assert (known["zero_modes"], known["negative_modes"]) == (17, 87)
    assert done[-1] == (197, 197)
    with pytest.raises(InputError, match="87 negative modes"):
        found.filtered()
    large = operator(np.r_[-np.ones(900), np.linspace(0.1, 1, 1600)], steps=20)
    with pytest.raises(InputError, match=r"(about \d+|900) negative modes"):
        large.filtered()


def test_distinct_values_are_eigenvalues():
    k = np.sort(np.r_[1e-3 + 1e-17 * np.arange(90), 0.1, 0.1 + 1e-9, 0.5])
    spectrum = cd.Spectrum(k)
    assert spectrum.distinct.tolist() == [k[0], 0.1, 0.1 + 1e-9, 0.5]
    assert spectrum.multiplicities() == [(k[0], 90)]
    assert cd.load_spectrum("digits-softmax").positive.distinct.size < 570


def test_rows_of_zeros_are_zero_modes():
    """Weights that touch nothing cost nothing, however many they are."""
    n, used = 10**5, [7, 50_000, 99_999]
    inner = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, -5.0]])
    rows, columns = np.meshgrid(used, used, indexing="ij")
    matrix = sp.coo_array((inner.ravel(), (rows.ravel(), columns.ravel())), (n, n))
    found = from_hessian(matrix.tocsr())
    assert found.k.tolist() == pytest.approx([-5.0, 0.0, 1.0, 3.0])
    assert found.weights.tolist() == [1.0, n - 3, 1.0, 1.0]
    assert found.kmin_converged


@pytest.mark.parametrize(
    ("found", "repeated"),
    [
        (cd.Spectrum.from_design(np.vstack([2 * np.eye(4), np.zeros((2, 4))])), [4]),
        (from_hessian(np.diag([1.0, 1, 2, 2, 3])).filtered(tolerance=0.0), [2, 2]),
        (cd.Spectrum.from_design(np.diag([1e-12, 2e-12, 1.0])), []),
    ],
)
def test_eigenvalues_that_are_equal_to_rounding(found, repeated):
    """Those of a design are known far below n·2⁻⁵²·kmax, and are told apart there."""
    assert [count for _, count in found.multiplicities()] == repeated
    assert found.distinct.size == len(found) - sum(repeated) + len(repeated)
