"""Maps of a whole spectrum: against plain steps, single modes, all modes at once."""

import effort
import numpy as np
import oracle
import pytest
from hypothesis import given, settings, strategies as st
from mpmath import mp, mpf

import critdamp as cd
from critdamp.engine.errors import InputError
from critdamp.engine.maps import mode_table as tables
from critdamp.engine.maps.compute import TileComputer
from critdamp.engine.maps.grid import Tile
from critdamp.engine.spectrum_quantities.registry import quantity_of

FACES = {"heavy_ball": cd.heavy_ball, "nesterov": cd.nesterov, "qhm": cd.qhm}
SETTLING = ("loss_settling_time", "distance_settling_time")


def maps(spectrum, *names, threads=None, **axes):
    """Return the maps of a plan by name, as one tile."""
    plan = cd.Plan(spectrum=spectrum, quantities=names, **axes)
    tile = Tile(0, (0,) * len(plan.grid.shape), plan.grid.shape)
    found = TileComputer(plan, threads)(tile)
    return {name: values.copy() for name, values in found.items()}


def steps(method, eps, p, nu, k):
    """Return T, D and w_1 of a mode, in high precision (docs/reference.md)."""
    eps, p, nu, k = (mpf(float(x)) for x in (eps, p, nu, k))
    x = eps * k
    return {
        "heavy_ball": (1 + p - x, p, 1 - x),
        "nesterov": ((1 + p) * (1 - x), p * (1 - x), 1 - x),
        "qhm": (1 + p - x + p * nu * x, p * (1 - x + nu * x), 1 - (1 - nu * p) * x),
    }[method]


def walked(method, at, k, shares, level, until):
    """Return the smallest t₀ with Σ share·w² ≤ level from there on, step by step."""
    modes = [[mpf(1), *steps(method, *at, one)] for one in k]
    last = 0
    for t in range(1, until):
        if sum(c * m[3] ** 2 for c, m in zip(shares, modes, strict=True)) > level:
            last = t
        for m in modes:
            m[0], m[3] = m[3], m[1] * m[3] - m[2] * m[0]
    return last + 1


@pytest.mark.parametrize("name", SETTLING)
@pytest.mark.parametrize("method", FACES)
def test_settling_is_that_of_steps(method, name):
    # a stream for each case, the same on every machine
    rng = np.random.default_rng([*method.encode(), *name.encode()])
    counted = 0
    with mp.workdps(40):
        for _ in range(8):
            n = int(rng.integers(1, 6))
            k = np.sort(np.exp(rng.uniform(-5, 0, n)))
            weights, displacement = np.exp(rng.uniform(-6, 3, (2, n)))
            tol = float(10 ** -rng.uniform(0.1, 8))
            eps, p = np.exp(rng.uniform(-2, 1, 4)), rng.uniform(-1, 1, 4)
            axes = {"eps": np.unique(eps), "p": np.unique(p)}
            if method == "qhm":
                axes["nu"] = float(rng.uniform(-0.3, 1.3))
            spectrum = cd.Spectrum(k, weights, displacement)
            found = maps(spectrum, name, method=method, tol=tol, **axes)[name]
            powers = (2, 0) if name == SETTLING[1] else (1, 1)
            shares = [
                mpf(m) * mpf(d) * mpf(c) ** powers[1]
                for m, d, c in zip(weights, displacement, k, strict=True)
            ]
            level = sum(shares) * mpf(tol) ** powers[0]
            for (i, j), t in np.ndenumerate(found.reshape(4, 4)):
                at = axes["eps"][i], axes["p"][j], axes.get("nu", 0.0)
                if t < 800:
                    until = int(3 * t + 200)
                    assert walked(method, at, k, shares, level, until) == t, at
                    counted += 1
    assert counted > 40


@given(
    st.sampled_from(effort.number("METHODS", ("heavy_ball",), tuple(FACES))),
    st.floats(1e-9, 6),
    # nearer to ±1 a walk may take too long, and then nothing is decided
    st.floats(-0.99999, 0.99999) | st.just(1.0),
    st.floats(0, 1),
    st.floats(1e-12, 0.9),
)
@settings(deadline=None)
def test_one_mode_settles_as_it_does_alone(method, eps, p, nu, tol):
    face = FACES[method]
    axes = {"nu": nu} if method == "qhm" else {}
    found = maps(
        cd.Spectrum([0.5]), SETTLING[1], method=method, tol=tol, eps=eps, p=p, **axes
    )
    with np.errstate(all="ignore"):
        alone = face.settling_time(*axes.values(), eps, p, 0.5, tol)
    together = found[SETTLING[1]].item()
    if together != together:
        # not decided: the start has next to no part in the larger root, but some
        trace, determinant, first = map(float, steps(method, eps, p, nu, 0.5))
        small, large = sorted(np.roots([1.0, -trace, determinant]), key=abs)
        assert 0.0 < nu < 1e-9 or 0.0 < p < 1e-9 or p > 1.0 - 1e-9
        assert abs(first - small) < 1e-9 < 1e-2 < abs(large)
        return
    assert together == alone or (alone > 2**53 and abs(together / alone - 1) < 1e-9)


def test_slow_modes_are_decided_by_exact_sums():
    """At 10¹³ steps doubles cannot tell neighbours apart; leaps in exact sums can."""
    k = np.array([1.0, 1.25])
    eps = 1e-12
    found = maps(cd.Spectrum(k), SETTLING[0], tol=1e-3, eps=eps, p=0.5)[SETTLING[0]]
    with mp.workdps(60):
        roots = []
        for one in k:
            trace, det, first = steps("heavy_ball", eps, 0.5, 0, one)
            root = mp.sqrt(trace**2 - 4 * det)
            large, small = (trace + root) / 2, (trace - root) / 2
            roots.append((one, large, small, (first - small) / root))

        def loss(t):
            return sum(
                one * (a * large**t + (1 - a) * small**t) ** 2
                for one, large, small, a in roots
            )

        t = int(found.item())
        level = mpf(1e-3) * loss(0)
        assert loss(t) <= level < loss(t - 1)


@pytest.mark.parametrize("name", SETTLING)
def test_groups_of_modes_answer_as_all_modes_do(name, monkeypatch):
    rng = np.random.default_rng(7)
    spread = np.exp(rng.uniform(np.log(1e-4), 0, 1500))
    bulk = 1e-3 * (1 + 1e-2 * rng.standard_normal(1500))
    spectrum = cd.Spectrum(np.sort(np.r_[spread, bulk]))
    axes = {"eps": cd.Axis.log(1e-2, 4, 12), "p": cd.Axis.lin(0, 0.99, 12)}
    grouped = maps(spectrum, name, **axes)[name]
    monkeypatch.setattr(tables, "FEW", 10**9)
    assert grouped.tobytes() == maps(spectrum, name, **axes)[name].tobytes()
    assert np.isfinite(grouped).sum() > 100


def test_groups_stand_for_their_modes_within_their_bound():
    """Sums over nodes differ from sums over modes by less than is said."""
    from critdamp.engine.modes.methods import METHODS
    from critdamp.engine.simulation.ensemble import recurrences
    from critdamp.engine.spectrum_quantities.mode_bounds import numbers_of
    from critdamp.engine.spectrum_quantities.mode_clusters import (
        clusters_of,
        error_of_nodes,
    )

    method = METHODS["heavy_ball"]
    k = np.geomspace(1e-3, 1, 4000)
    clusters = clusters_of(k, k)
    stood = 0
    for eps, p, t in ((1.0, 0.5, 400), (0.3, 0.9, 300), (1.5, 0.0, 900), (1, 0.97, 40)):
        squares = recurrences(method, (eps, p), k, t).first ** 2
        for i in range(clusters.mean.shape[1]):
            ends = [method.recurrence(eps, p, one) for one in clusters.middle[:, i]]
            moved = abs(eps * (clusters.middle[2, i] - clusters.middle[0, i]))
            numbers = np.array(numbers_of(ends[1]))
            mass = clusters.mean[1, i]
            bound = error_of_nodes(numbers, (moved, 0.0, moved), mass, t, 1e6)
            part = slice(clusters.starts[i], clusters.starts[i + 1])
            at_nodes = recurrences(method, (eps, p), clusters.nodes[i], t).first ** 2
            error = abs(clusters.coefficients[i] @ at_nodes - k[part] @ squares[part])
            if np.isfinite(bound):
                stood += 1
                rounding = 1e-11 * (k[part] @ squares[part])
                assert error <= bound + rounding
    assert stood > 100


def test_the_same_bits_for_any_number_of_threads():
    spectrum = cd.Spectrum(np.geomspace(1e-3, 1, 40))
    axes = {"eps": cd.Axis.log(1e-2, 4, 33), "p": cd.Axis.lin(0, 0.99, 21)}
    names = (*SETTLING, "loss_after:50", "noise_floor", "transient_peak")
    one = maps(spectrum, *names, threads=1, **axes)
    two = maps(spectrum, *names, threads=2, **axes)
    assert {n: v.tobytes() for n, v in one.items()} == {
        n: v.tobytes() for n, v in two.items()
    }


def test_sums_are_those_of_single_modes():
    rng = np.random.default_rng(3)
    k = np.sort(np.exp(rng.uniform(-4, 0, 11)))
    weights, displacement = np.exp(rng.uniform(-1, 1, (2, 11)))
    eps, p = np.geomspace(0.01, 5, 9), np.linspace(-0.9, 1, 7)
    names = ("noise_floor", "transient_peak", "stable_share", "loss_after:30")
    spectrum = cd.Spectrum(k, weights, displacement)
    found = maps(spectrum, *names, eps=eps, p=p)
    at = eps[:, None, None], p[None, :, None], k
    with np.errstate(all="ignore"):
        floor = 0.5 * (weights * k * cd.noise_variance(*at)).sum(axis=-1)
    np.testing.assert_allclose(found["noise_floor"], floor, rtol=1e-13)
    np.testing.assert_array_equal(
        found["transient_peak"], cd.transient_peak(*at).max(axis=-1)
    )
    stable = ((cd.regime(*at) > 0) * weights).sum(axis=-1) / weights.sum()
    np.testing.assert_allclose(found["stable_share"], stable, rtol=1e-14)
    for i, j in ((0, 0), (4, 3), (6, 5)):
        loss = cd.simulate(spectrum, eps[i], p[j], 30).loss[-1]
        np.testing.assert_allclose(found["loss_after_30"][i, j], loss, rtol=1e-12)


@pytest.mark.parametrize(
    ("method", "k", "tol", "axes", "expected"),
    [
        # slow real roots, where v loses its digits beside D near 1
        ("heavy_ball", 1.0, 1e-6,
         {"eps": 7.807482195794918e-17, "p": 0.9999999464365608}, 9232299886),
        ("heavy_ball", 1.0, 0.5,
         {"eps": 1.9409759326253793e-20, "p": 0.9999999990514542}, 34216915964),
        # a start on the smaller root, beside rounding that is not
        ("qhm", 1.0, 1e-17, {"nu": 1e-12, "eps": 0.3, "p": 0.999}, 5812),
        # roots near 0
        ("nesterov", 3.0, 1e-20, {"eps": 1 / 3, "p": 0.9}, 3),
        ("nesterov", 0.2852297479905831, 1e-40,
         {"eps": 3.505945670270743, "p": -0.999}, 5),
        # gradient descent beside a root that nothing moves along: w = ½ᵗ and ·7ᵗ
        ("qhm", 0.5, 0.25, {"nu": 0.0, "eps": 1.0, "p": 1.0}, 2),
        ("qhm", 0.5, 1e-30, {"nu": 0.0, "eps": 1.0, "p": 0.9999}, 100),
        ("qhm", 0.3, 1e-40, {"nu": 0.0, "eps": 1.0, "p": 0.99}, 259),
        # a negative root near −1
        ("heavy_ball", 1.0, 1e-6,
         {"eps": 1.0908488437812043e-05, "p": -0.9999905414446478}, 2532991),
        # very many steps that are in doubt
        ("heavy_ball", 1e-18, 0.999, {"eps": 1.0, "p": 0.0}, 1000500333583535),
    ],
)  # fmt: skip
def test_hard_cells(method, k, tol, axes, expected):
    spectrum = cd.Spectrum([k], tolerance=0.0)
    found = maps(spectrum, SETTLING[1], method=method, tol=tol, **axes)
    assert found[SETTLING[1]].item() == expected


@pytest.mark.parametrize(
    ("p", "tol"), [(0.997, 1e-20), (0.9997, 1e-20), (0.997, 1e-40)]
)
def test_a_critical_mode_beside_one_that_swings(p, tol):
    """Both fall by √p; the critical one, t·√pᵗ, has next to all of the distance."""
    k = np.array([(1.0 - np.sqrt(p)) ** 2, 0.5])
    t = int(
        maps(cd.Spectrum(k), SETTLING[1], tol=tol, eps=1.0, p=p)[SETTLING[1]].item()
    )
    motions = [oracle.exact("heavy_ball", 1.0, p, one) for one in k]
    level = 2 * mpf(tol) ** 2

    def distance(at):
        return sum(oracle.position(*motion, at) ** 2 for motion in motions)

    assert all(distance(at) <= level for at in range(t, t + 20))
    assert distance(t - 1) > level


def test_shares_of_any_size():
    k, huge = np.linspace(1, 4, 3000), 10 ** np.linspace(-200, 200, 3000)
    found = maps(cd.Spectrum(k, displacement=huge), SETTLING[0], eps=0.3, p=0.5)
    assert found[SETTLING[0]].item() == 19
    tiny = cd.Spectrum([1.0, 2.0], displacement=[1e-310, 1e-310])
    alike = cd.Spectrum([1.0, 2.0])
    for name in SETTLING:
        one, other = (maps(s, name, eps=0.25, p=0.5)[name] for s in (tiny, alike))
        assert one == other
    with pytest.raises(InputError, match="the sum of the coefficients overflows"):
        maps(cd.Spectrum([1e300], displacement=[1e300]), SETTLING[0], eps=1e-301, p=0.5)


def test_what_never_settles_is_inf():
    spectrum = cd.Spectrum([0.5, 1.0])
    found = maps(spectrum, *SETTLING, eps=[0.0, 1.0, 4.0], p=[0.5, 1.0])
    for values in found.values():
        assert np.isfinite(values).tolist() == [
            [False, False], [True, False], [False, False]
        ]  # fmt: skip


def test_a_small_share_may_stay_for_ever():
    """At ε = 2 without momentum the mode k = 1 jumps from 1 to −1 and back."""
    spectrum = cd.Spectrum([0.5, 1.0], displacement=[1.0, 1e-9])
    found = maps(spectrum, SETTLING[0], eps=2.0, p=0.0, tol=1e-6)
    assert found[SETTLING[0]].item() == 1


def test_negative_modes_are_kept_where_nothing_has_to_converge():
    spectrum = cd.Spectrum([-0.1, 0.0, 1.0])
    found = maps(spectrum, "stable_share", "transient_peak", eps=1.0, p=0.5)
    assert found["stable_share"].item() == 0.5
    assert found["transient_peak"].item() == np.inf
    with pytest.raises(InputError, match="1 negative mode"):
        maps(spectrum, "stable_share", SETTLING[0], eps=1.0, p=0.5)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("settling_time", "no map for a whole spectrum"),
        ("loss_after", "write loss_after:100"),
        ("loss_after:9999999999", "from 0 to 1073741824"),
        ("speed", "unknown"),
    ],
)
def test_quantities_that_there_are_not(name, message):
    with pytest.raises(InputError, match=message):
        quantity_of(name, of_spectrum=True)


def test_quantities_of_spectra_need_one():
    with pytest.raises(InputError, match="of a whole spectrum"):
        cd.Plan(quantities=["stable_share"], eps=1.0, p=0.5, k=1.0)


def test_modes_without_displacement_have_no_loss():
    with pytest.raises(InputError, match="no mode is displaced"):
        maps(cd.Spectrum([1.0], displacement=[0.0]), SETTLING[0], eps=1.0, p=0.5)


def test_tolerances_have_squares():
    with pytest.raises(InputError, match="tol: 1e-200"):
        maps(cd.Spectrum([1.0]), SETTLING[1], eps=1.0, p=0.5, tol=1e-200)
