"""Settling times and peaks, against going there step by step and by matrix powers."""

import effort
import mpmath
import numpy as np
import oracle
import pytest

import critdamp as cd

pytestmark = pytest.mark.oracle

METHODS = {name: getattr(cd, name) for name in oracle.METHODS}
STEPS = 30_000


def points(rng, method):
    """Yield points from all over the region of convergence, its edges and creases."""
    parameters = METHODS[method].parameters
    while True:
        k = 10 ** rng.uniform(-3, 3)
        p = rng.choice(
            [rng.uniform(-1, 1), rng.uniform(0, 1), 1 - 10 ** rng.uniform(-5, 0), 0]
        )
        side = rng.choice([-1, 1])
        x = rng.choice(
            [
                (1 - side * np.sqrt(abs(p))) ** 2,
                (2 + 2 * p) * (1 - 10 ** rng.uniform(-5, -1)),
                10 ** rng.uniform(-5, 0),
                1 + p + 1e-3 * rng.normal(),
                rng.uniform(0, 2 + 2 * p),
            ]
        )
        known = {"nu": rng.uniform(0, 1), "eps": max(x, 1e-9) / k, "p": p}
        yield [*(float(known[name]) for name in parameters), k]


def converging(rng, method, count):
    """Yield points whose motion is over in few enough steps, and a tolerance."""
    found = 0
    for point in points(rng, method):
        motion = oracle.exact(method, *point)
        tol = 10 ** rng.uniform(-9, -0.01)
        steps = oracle.horizon(*motion, mpmath.mpf(tol))
        if steps is not None and steps < STEPS:
            yield point, tol, motion
            found += 1
        if found == count:
            return


@pytest.mark.parametrize("method", METHODS)
def test_settling_time_is_that_of_a_long_walk(method):
    many = effort.number("WALKS", 1_000, 10_000)
    count = many if method == "heavy_ball" else 300
    for point, tol, motion in converging(np.random.default_rng(7), method, count):
        found = METHODS[method].settling_time(*point, tol)
        assert found == oracle.settling_time(*motion, tol), (point, tol)


@pytest.mark.parametrize("method", METHODS)
def test_transient_peak_is_that_of_a_long_walk(method):
    for point, _, motion in converging(np.random.default_rng(8), method, 300):
        found = float(METHODS[method].transient_peak(*point))
        expected = oracle.transient_peak(*motion)
        assert abs(found - expected) <= 1e-13 * expected, point


def test_settling_time_beyond_1e12_of_real_roots():
    rng, largest = np.random.default_rng(9), 0
    for _ in range(300):
        p = rng.choice([rng.uniform(-0.9, 0.9), 1 - 10 ** rng.uniform(-4, 0)])
        x = 10 ** rng.uniform(-15, -8) * (1 - p)
        if rng.random() < 0.3:
            x = (2 + 2 * p) * (1 - 10 ** rng.uniform(-14, -8))
        tol = 10 ** rng.uniform(-9, -0.01)
        motion = oracle.exact("heavy_ball", x, p, 1.0)
        found = float(cd.settling_time(x, p, 1.0, tol))
        if found > 2**53:  # where doubles skip whole numbers
            continue
        # such roots have at most one turning point, long before
        assert oracle.position(*motion, found - 1) > tol
        assert oracle.position(*motion, found) <= tol
        assert oracle.position(*motion, found + 1) <= tol
        largest = max(largest, found)
    assert largest > 1e12


def last_above(motion, tol):
    """Return the last step above tol of a complex pair, None if 200 peaks hold none."""
    trace, determinant, first = (oracle.number(n) for n in motion)
    fall = mpmath.log(determinant) / 2
    theta = mpmath.acos(trace / (2 * mpmath.sqrt(determinant)))
    swing = (first - trace / 2) / (mpmath.sqrt(determinant) * mpmath.sin(theta))
    size, phase = mpmath.hypot(1, swing), mpmath.atan(swing)

    def above(t):
        level = mpmath.exp(fall * t) * size
        return level * abs(mpmath.cos(theta * t - phase)) > tol

    end = mpmath.log(tol / size) / fall
    peak = mpmath.floor((theta * end - phase) / mpmath.pi) + 1
    for back in range(200):
        at = ((peak - back) * mpmath.pi + phase) / theta
        near = [t for t in range(int(at) + 2, int(at) - 3, -1) if t >= 0 and above(t)]
        if near:
            low, high = near[0], int(at + mpmath.pi / theta / 2) + 1
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if above(middle) else (low, middle)
            return low
    return None


def test_settling_time_beyond_1e12_of_complex_pairs():
    rng, largest, known = np.random.default_rng(10), 0, 0
    while known < 100:
        p = 1 - 10 ** rng.uniform(-13, -6)
        x = rng.choice([10 ** rng.uniform(-9, 0.5), rng.uniform(0, 2 + 2 * p)])
        tol = 10 ** rng.uniform(-9, -0.01)
        motion = oracle.exact("heavy_ball", x, p, 1.0)
        if oracle.regime(*motion) != 3:
            continue
        expected = last_above(motion, tol)
        if expected is not None:
            found = float(cd.settling_time(x, p, 1.0, tol))
            assert found == expected + 1, (x, p, tol)
            largest, known = max(largest, found), known + 1
    assert largest > 1e12


def test_golden_settling_time_of_polyaks_slowest_mode():
    # κ = 100: the asymptotic ln tol / ln ρ says 69, the envelope of a double root 83
    # (docs/reference.md); from rest, w_1 = 1 − εk, the motion itself takes
    found = cd.settling_time(4 / 121, 81 / 121, 1.0, 1e-6)
    motion = oracle.exact("heavy_ball", 4 / 121, 81 / 121, 1.0)
    assert found == oracle.settling_time(*motion, 1e-6) > 69


@pytest.mark.parametrize(
    ("eps", "p", "tol", "expected"),
    [
        (1.0, 0.0, 0.5, 1),  # w = 1, 0, 0, …
        (0.5, 0.0, 0.5, 1),  # w = 1, ½, …: a tie is settled
        (0.5, 0.0, 0.499, 2),
        (1.5, 0.0, 0.3, 2),  # w = 1, −½, ¼, …
        (1e-3, 0.0, 0.9995, 1),
        (2.0, 0.0, 0.5, np.inf),  # w = 1, −1, 1, …
        (0.0, 0.5, 0.5, np.inf),
        (-1.0, 0.5, 0.5, np.inf),
        (0.1, 0.5, 1.0, 0),  # w never leaves [−1, 1]
        (0.5, -0.5, 0.5, 1),  # roots ±√½
    ],
)
def test_settling_time_at_simple_points(eps, p, tol, expected):
    assert cd.settling_time(eps, p, 1.0, tol) == expected


@pytest.mark.parametrize("p", [1e-16, 1e-300, 1e-307, 5e-308, 1e-310, 5e-324])
def test_settling_time_of_the_slowest_modes(p):
    """At εk = 2 the larger root is 2p − 1 + O(p²), w_t = (−1)ᵗ e^(−2pt)."""
    with np.errstate(over="ignore"):
        found = cd.settling_time(2.0, p, 1.0, 1e-6)
        expected = np.log(1e6) / np.float64(2 * p)
    assert found == pytest.approx(expected, rel=1e-14)


def test_settling_time_of_tolerances_outside_0_to_1():
    motion = oracle.exact("heavy_ball", 2.9, 0.5, 1.0)
    assert cd.settling_time(2.9, 0.5, 1.0, 1.5) == oracle.settling_time(*motion, 1.5)
    assert np.isnan(cd.settling_time(0.1, 0.5, 1.0, [0.0, 1e-291, -1.0, np.nan])).all()
    # a phase that drifts at the end of what doubles can hold
    assert cd.settling_time(1.9999999998418136, 0.9999999998418135, 1.0, 1e-290) < 1e13


@pytest.mark.parametrize(
    ("point", "tol", "expected"),
    [
        # w_t = w_1ᵗ: the smallest t with ·7ᵗ ≤ 1e−40, ½ᵗ and ·85ᵗ ≤ 1e−6; ρ is |p|
        ((0.0, 0.3, 0.99, 1.0), 1e-40, 259),
        ((0.0, 0.3, -0.99, 1.0), 1e-40, 259),
        ((0.0, 0.5, 1.0, 1.0), 1e-6, 20),
        ((0.0, 0.5, 1.5, 1.0), 1e-6, 20),
        ((0.7, 0.5, 1.0, 1.0), 1e-6, 86),
        ((0.0, 1.0, 0.5, 1.0), 1e-6, 1),
        ((0.0, 3.0, 0.5, 1.0), 1e-6, np.inf),
    ],
)
def test_settling_time_of_a_start_on_one_root(point, tol, expected):
    assert cd.qhm.settling_time(*point, tol) == expected
    peak = cd.qhm.transient_peak(*point)
    assert peak == (1.0 if expected < np.inf else np.inf)


def test_golden_peak_near_resonance():
    # |w_t| at t = 32,615, by iteration in 113-bit floats
    assert cd.transient_peak(2.000012, 0.99999, 1.0) == pytest.approx(
        1.09372832, abs=5e-9
    )


def test_ordinary_points_raise_no_floating_point_flag():
    eps, p, k = np.meshgrid([0, 0.25, 0.5, 1, 2], [-0.5, 0, 0.25, 1], [0, 1, 3])
    with np.errstate(all="raise", under="ignore"):
        for name in ("spectral_radius", "regime", "transient_peak", "noise_variance"):
            getattr(cd, name)(eps, p, k)
        cd.settling_time(eps, p, k, 1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_hangs_at_the_ends_of_the_numbers(method):
    ends = [
        0,
        5e-324,
        1e-307,
        1e-300,
        1e-16,
        0.5,
        1 - 2**-53,
        1,
        1 + 2**-52,
        2,
        1e160,
        1e300,
    ]
    ends = np.array([*ends, *(-x for x in ends), np.inf, np.nan])
    eps, p, k = np.meshgrid(ends, ends, [0, 1, -1, 1e300, np.inf, np.nan])
    known = {"nu": np.full(eps.shape, 0.7), "eps": eps, "p": p}
    point = [*(known[name] for name in METHODS[method].parameters), k]
    with np.errstate(all="ignore"):
        codes = METHODS[method].regime(*point)
        times = METHODS[method].settling_time(*point, 1e-6)
        peaks = METHODS[method].transient_peak(*point)
    never = np.isnan(times) | np.isinf(times)
    # where εk = 0 nothing moves, and at p = 1 QHM starts on one root
    with np.errstate(all="ignore"):
        x = eps * k
    moves = (x != 0.0) & ((method != "qhm") | (p != 1.0))
    assert never[((codes == -1) | (codes == 0)) & moves].all()
    # below, the part of the start in the larger root is rounded to 0
    moves &= (method == "heavy_ball") | (abs(x) > 1e-290)
    assert not np.isfinite(peaks[(codes == -1) & moves]).any()
    assert (times[~never] >= 1).all()
