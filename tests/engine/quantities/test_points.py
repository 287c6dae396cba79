"""Quantities at a point, against exact arithmetic: mpmath and fractions."""

import itertools
from fractions import Fraction

import effort
import mpmath
import numpy as np
import oracle
import pytest
from hypothesis import given, settings, strategies as st

import critdamp as cd

pytestmark = pytest.mark.oracle

METHODS = {name: getattr(cd, name) for name in oracle.METHODS}


def sample(rng, count, method="heavy_ball"):
    """Return points, half of them within a few ulp of critical damping."""
    k = 10 ** rng.uniform(-3, 3, count)
    p = np.where(
        rng.random(count) < 0.5,
        rng.uniform(0, 1, count),
        1 - 10 ** rng.uniform(-12, 0, count),
    )
    side = np.where(rng.random(count) < 0.5, 1, -1)
    eps = (1 - side * np.sqrt(p)) ** 2 / k
    for _ in range(4):
        eps = np.nextafter(eps, rng.choice([0, np.inf], count))
    free = rng.random(count) < 0.5
    eps[free] = 10 ** rng.uniform(-6, 0.7, free.sum()) / k[free]
    nu = rng.uniform(0, 1, count)
    known = {"nu": nu, "eps": eps, "p": p}
    return [*(known[name] for name in METHODS[method].parameters), k]


def worst(method, quantity, arrays, error):
    """Return the largest error of a quantity over points."""
    found = getattr(METHODS[method], quantity)(*arrays).tolist()
    twin = getattr(oracle, quantity)
    points = zip(*(array.tolist() for array in arrays), strict=True)
    expected = (twin(*oracle.exact(method, *point)) for point in points)
    return max(error(f, e) for f, e in zip(found, expected, strict=True))


def relative(found, expected):
    """Return the relative error."""
    return 0.0 if found == expected else abs(found - expected) / abs(expected)


@pytest.mark.parametrize(
    ("method", "count"),
    [("heavy_ball", effort.number("POINTS", 20_000, 100_000)), ("qhm", 5_000)],
)
def test_spectral_radius_within_2_ulp(method, count):
    arrays = sample(np.random.default_rng(1), count, method)
    assert worst(method, "spectral_radius", arrays, oracle.ulps) <= 2


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("quantity", ["spectral_radius", "rate", "regime"])
def test_every_method_within_2_ulp_or_1e_14(method, quantity):
    arrays = sample(np.random.default_rng(2), 4_000, method)
    error, limit = {
        "spectral_radius": (oracle.ulps, 2),
        "rate": (relative, 1e-14),
        "regime": (lambda found, expected: found != expected, 0),
    }[quantity]
    assert worst(method, quantity, arrays, error) <= limit


def edges(rng, count):
    """Return points inside each edge of the triangle, down to 1 − ρ = 1e−15."""
    gap = 10 ** rng.uniform(-15, -1, count)
    p = rng.uniform(-0.9, 1, count)
    k = 10 ** rng.uniform(-3, 3, count)
    edge = np.arange(count) % 3
    x = np.choose(edge, [gap * (1 - p), (2 + 2 * p) * (1 - gap), rng.random(count)])
    p = np.where(edge == 2, 1 - gap, p)
    return x / k, p, k


def test_rate_keeps_its_digits_to_the_edge_of_convergence():
    eps, p, k = edges(np.random.default_rng(3), 6_000)
    assert worst("heavy_ball", "rate", [eps, p, k], relative) <= 1e-14
    assert cd.rate(eps, p, k).min() < 1e-14


def test_regime_is_exact_on_lattices():
    # eighths make double roots and edges come out exactly
    points = itertools.product(np.arange(1, 33) / 8, np.arange(-9, 10) / 8, [0.5, 1, 2])
    arrays = [np.array(column) for column in zip(*points, strict=True)]
    codes = cd.regime(*arrays)
    assert set(codes.tolist()) == {-1, 0, 1, 2, 3, 4}
    assert worst("heavy_ball", "regime", arrays, lambda f, e: f != e) == 0


@pytest.mark.parametrize("method", ["nesterov", "qhm"])
def test_regime_is_exact_where_everything_cancels(method):
    eps, k = np.meshgrid(np.geomspace(1e-2, 1, 20), np.geomspace(1e-2, 1, 20))
    known = {"nu": np.full(eps.shape, 0.7), "eps": eps, "p": np.ones(eps.shape)}
    arrays = [*(known[n].ravel() for n in METHODS[method].parameters), k.ravel()]
    assert worst(method, "regime", arrays, lambda f, e: f != e) == 0
    never = METHODS[method].regime(*arrays) <= 0
    assert never.any() == (method == "qhm")
    assert (METHODS[method].rate(*arrays)[never] <= 0).all()
    # at p = 1 QHM starts on one root: w_t = w_1ᵗ beside the root 1
    points = zip(*(array.tolist() for array in arrays), strict=True)
    falls = np.array([abs(oracle.exact(method, *point)[2]) < 1 for point in points])
    times = METHODS[method].settling_time(*arrays, 1e-6)
    assert (np.isinf(times) == ~falls)[never].all()
    assert np.isinf(METHODS[method].noise_variance(*arrays)[never]).all()


@settings(deadline=None)  # the first call compiles
@given(st.floats(1e-3, 1e3), st.floats(-1.5, 1.5), st.floats(1e-3, 1e3))
def test_converges_exactly_inside_the_triangle(eps, p, k):
    """Result 3: ρ < 1 ⇔ −1 < p < 1 and 0 < εk < 2 + 2p."""
    x = Fraction(eps) * Fraction(k)
    inside = -1 < p < 1 and 0 < x < 2 + 2 * Fraction(p)
    assert (cd.regime(eps, p, k) > 0) == inside
    assert (cd.rate(eps, p, k) > 0) == inside
    with np.errstate(over="ignore"):  # 1/D of a p that has no full precision
        assert np.isfinite(cd.settling_time(eps, p, k, 1e-6)) == inside
    assert np.isfinite(cd.noise_variance(eps, p, k)) == inside


@pytest.mark.parametrize(
    ("p", "x", "expected"),
    # docs/reference.md, «Golden values», by the definition in Eq. 31 and 32
    [
        (0.9, 0.1, 0.9486832980505138),
        (0.5, 0.01, 0.979574082114798),
        (0.25, 0.25, 0.5),
        (0.81, 0.01, 0.9),
        (0, 0.1, 0.9),
        (0.5, 2.9, 0.7071067811865476),
        (-0.5, 0.5, 0.7071067811865476),
        (0.9, 3.7, 0.9486832980505138),
    ],
)
def test_golden_spectral_radius(p, x, expected):
    # 0.81 and 0.01 are not double roots as doubles: there the root is all there is
    assert cd.spectral_radius(x, p, 1) == pytest.approx(expected, rel=2e-8)
    exactly = oracle.spectral_radius(*oracle.exact("heavy_ball", x, p, 1))
    assert oracle.ulps(float(cd.spectral_radius(x, p, 1)), exactly) <= 2


def test_golden_noise_variance():
    assert cd.noise_variance(0.5, 0.5, 2) == 0.375


@pytest.mark.parametrize("method", METHODS)
def test_recurrence_is_the_optimiser(method):
    arrays = sample(np.random.default_rng(4), 40, method)
    for point in zip(*(array.tolist() for array in arrays), strict=True):
        trace, determinant, first = oracle.exact(method, *point)
        w = list(itertools.islice(oracle.optimiser(method, *point), 5))
        assert w[1] == first
        for t in range(2, 5):
            assert w[t] == trace * w[t - 1] - determinant * w[t - 2]


@pytest.mark.parametrize("method", METHODS)
def test_noise_variance_is_that_of_the_optimiser(method):
    """The sum of squares of what a single kick of noise leaves behind."""
    rng = np.random.default_rng(5)
    for _ in range(10):
        x, p, k, nu = rng.uniform([0.2, 0, 0.1, 0], [1.5, 0.5, 10, 1])
        known = {"nu": nu, "eps": x / k, "p": p}
        point = [*(known[name] for name in METHODS[method].parameters), k]
        kicked = oracle.optimiser(method, *point, w=Fraction(0), noise=[1])
        moved = [oracle.number(w) for w in itertools.islice(kicked, 3)]
        trace, determinant, _ = (oracle.number(n) for n in oracle.exact(method, *point))
        total, before, last = mpmath.mpf(0), *moved[1:]
        for _ in range(2_000):
            total += before**2
            before, last = last, trace * last - determinant * before
        found = float(METHODS[method].noise_variance(*point))
        assert relative(found, total) < 1e-13


@pytest.mark.parametrize("method", METHODS)
def test_eigenvalues_solve_their_equation(method):
    arrays = sample(np.random.default_rng(6), 300, method)
    found = METHODS[method].eigenvalues(*arrays)
    assert found.shape == (300, 2)
    for pair, *point in zip(found.tolist(), *(a.tolist() for a in arrays), strict=True):
        trace, determinant, _ = oracle.exact(method, *point)
        root = mpmath.sqrt(mpmath.mpc(oracle.number(trace**2 - 4 * determinant)))
        both = [(oracle.number(trace) + s * root) / 2 for s in (1, -1)]
        for value in both:
            near = min(abs(value - mpmath.mpc(one)) for one in pair)
            assert near <= 4e-16 * abs(value)


def test_underdamped_modulus_is_the_root_of_momentum():
    # 2√β is printed in a well-known article; right is √β
    assert abs(cd.eigenvalues(1.0, 0.49, 1.0)) == pytest.approx([0.7, 0.7], rel=1e-15)


@pytest.mark.parametrize("nu", [0.999, 1 - 1e-8])
def test_qhm_at_critical_damping_where_its_sums_cancel(nu):
    """ν = p and αk(1 − ν) ≈ 1: T and D are small beside their terms."""
    for off in range(-3, 4):
        point = nu, (1 + off * 2**-52) / (1 - nu), nu, 1.0
        motion = oracle.exact("qhm", *point)
        found = cd.qhm.spectral_radius(*point)
        assert oracle.ulps(float(found), oracle.spectral_radius(*motion)) <= 2
        expected = oracle.rate(*motion)
        assert abs(cd.qhm.rate(*point) - expected) <= 1e-14 * abs(expected)


def test_golden_qhm_beside_a_double_root():
    # mpmath, 400 bits
    point = 0.9, 0.21348497204603376, 0.9, 46.84170461349243
    motion = oracle.exact("qhm", *point)
    found = float(cd.qhm.spectral_radius(*point))
    assert oracle.ulps(found, oracle.spectral_radius(*motion)) <= 2


def test_golden_noise_variance_of_qhm_without_momentum_in_the_step():
    # ν = 0 is gradient descent: α/(k(2 − αk)) = 1/3 for any p
    p = np.array([-1 + 2**-53, -0.5, 0.0, 0.5, 1 - 2**-53])
    assert cd.qhm.noise_variance(0.0, 0.5, p, 1.0) == pytest.approx(1 / 3, rel=1e-14)


@pytest.mark.parametrize("method", METHODS)
def test_learning_rate_times_curvature_may_underflow(method):
    """εk = 1e−400 > 0: signs hold, and what hangs on its digits is not computed."""
    known = {"nu": 0.5, "eps": 1e-200, "p": 0.5}
    point = [known[name] for name in METHODS[method].parameters]
    face = METHODS[method]
    assert face.regime(*point, 1e-200) == 1
    assert face.regime(*point, -1e-200) == -1
    assert face.spectral_radius(*point, 1e-200) == 1.0
    assert face.transient_peak(*point, 1e-200) == 1.0
    assert np.isnan(face.rate(*point, 1e-200))
    assert np.isnan(face.noise_variance(*point, 1e-200))
    assert np.isnan(face.settling_time(*point, 1e-200, 1e-6))


def test_the_least_products_that_are_exact_are_taken():
    # εk/(1 − p) with εk = 5e−324 and 1e−292
    assert cd.rate(5e-324, 0.5, 1.0) == 1e-323
    assert np.isnan(cd.rate(1e-160, 1 - 2**-53, 1e-160))
    assert cd.rate(1e-140, 1 - 2**-53, 1e-140) == pytest.approx(
        2**53 * 1e-280, rel=1e-14
    )
