"""Loss and distance through time: the closed form, the coupled iteration, schedules."""

import mpmath
import numpy as np
import oracle
import pytest

import critdamp as cd
from critdamp.engine.errors import InputError
from critdamp.engine.modes.methods import METHODS
from critdamp.engine.simulation import simulate
from critdamp.engine.simulation.simulate import recorded
from critdamp.engine.simulation.step_kernels import SPAN


def exactly(name, point, k, t):
    """Return w_t and the envelope ρᵗ to 400 bits, from the power of the matrix."""
    trace, determinant, first = map(oracle.number, oracle.exact(name, *point, k))
    power = mpmath.matrix([[trace, -determinant], [1, 0]]) ** t
    rho = oracle.moduli(*oracle.exact(name, *point, k)[:2])[0]
    return power[1, 0] * first + power[1, 1], rho**t


@pytest.mark.parametrize(
    "record", ["every:1", "every:1000", [0, 3, 700, 50_000, 100_000]]
)
@pytest.mark.parametrize("k", [1e-9, 1e-4, 0.0025, 0.01, 1.0, 3.7])
def test_one_mode_over_many_steps(k, record):
    """1e−12 of the envelope over 10⁵ steps, in slow, critical and fast modes."""
    point = 1.0, 0.9025  # critically damped at k = 0.0025
    found = cd.simulate(cd.Spectrum([k]), *point, 100_000, record=record)
    for place in range(0, found.times.size, max(1, found.times.size // 9)):
        t = int(found.times[place])
        w, envelope = exactly("heavy_ball", point, k, t)
        scale = float(envelope * (1 + 0.05 * t))
        assert abs(found.distance[place] - abs(w)) <= 1e-12 * scale + 1e-140
        loss = 0.5 * k * float(w) ** 2
        assert abs(found.loss[place] - loss) <= 1e-11 * k * scale**2 + 1e-280


@pytest.mark.parametrize("record", ["every:60", "every:1", "every:4", [0, 120, 240]])
def test_what_falls_far_between_two_records_keeps_its_digits(record):
    """W = 2⁻ᵗ exactly."""
    found = cd.simulate(cd.Spectrum([1.0]), 0.5, 0.0, 240, record=record)
    expected = 0.5 * 0.25 ** found.times.astype(float)
    np.testing.assert_allclose(found.loss, expected, rtol=1e-14)
    # w_1 = 1e-12, in one step
    found = cd.simulate(cd.Spectrum([1.0]), 1 - 2.0**-40, 0.0, 3, record="every:1")
    assert found.distance[1:].tolist() == [2.0**-40, 2.0**-80, 2.0**-120]


def test_every_record_of_a_real_spectrum_is_the_same():
    """1.19935e−59 by iteration in long double; the first ones by 400 bits."""
    spectrum = cd.load_spectrum("digits-softmax")
    runs = [
        cd.simulate(spectrum, 8.0, 0.926, 3000, record=record).loss[[0, -2, -1]]
        for record in ("every:1000", [0, 1000, 2000, 3000], "every:500")
    ]
    assert runs[0][1] == pytest.approx(1.19935e-59, rel=3e-6)
    np.testing.assert_allclose(runs[1], runs[0], rtol=1e-11)
    assert runs[2][2] == pytest.approx(runs[0][2], rel=1e-11)


def test_an_undamped_mode_at_a_multiple_of_its_period():
    """Of the envelope, which is about 1; θ by 400 bits."""
    for every, turns in ((1000, 1), (997, 45), (30, 1)):
        k = 2 - 2 * np.cos(2 * np.pi * turns / every)
        found = cd.simulate(
            cd.Spectrum([k]), 1.0, 1.0, 3000 * every, record=f"every:{every}"
        )
        theta = mpmath.acos(1 - mpmath.mpf(float(k)) / 2)
        for place in (1, 100, 2999):
            t = int(found.times[place])
            # from rest, with w_1 = 1 − k
            w = mpmath.cos(theta * t) - mpmath.tan(theta / 2) * mpmath.sin(theta * t)
            assert abs(found.distance[place] - abs(w)) < 1e-12


@pytest.mark.parametrize("record", ["every:1", "every:1000", "log:9"])
def test_zero_modes_have_no_loss(record):
    spectrum = cd.Spectrum([-1e-18, 0.5, 1.0])
    found = cd.simulate(spectrum, 0.5, 0.5, 3000, record=record)
    without = cd.simulate(cd.Spectrum([0.5, 1.0]), 0.5, 0.5, 3000, record=record)
    np.testing.assert_array_equal(found.loss, without.loss)
    assert (found.loss >= 0).all()
    assert found.distance[-1] == 1.0
    continuous = cd.simulate_continuous(spectrum, 1.0, 1.0, [0.0, 10.0, 1e4])
    assert (continuous.potential >= 0).all()
    assert continuous.distance[-1] == 1.0


@pytest.mark.parametrize("record", ["every:1", "every:3", "every:100", "log:9"])
def test_the_bits_of_the_loss_do_not_depend_on_modes(record):
    rng = np.random.default_rng(3)
    spectrum = cd.Spectrum(np.sort(rng.uniform(0.01, 1, 700)), rng.uniform(1, 2, 700))
    alone = cd.simulate(spectrum, 1.2, 0.7, 900, record=record)
    found = cd.simulate(spectrum, 1.2, 0.7, 900, record=record, modes=True)
    np.testing.assert_array_equal(found.loss, alone.loss)
    assert found.modes.shape == (found.times.size, 700)
    sums = 0.5 * found.modes**2 @ (spectrum.weights * spectrum.k)
    np.testing.assert_allclose(sums, found.loss, rtol=1e-12)


@pytest.mark.parametrize("name", METHODS)
def test_agrees_with_the_coupled_iteration(name):
    """Eq. 26 against Eq. 28: the decoupled picture is the truth."""
    rng = np.random.default_rng(6)
    factor = rng.standard_normal((40, 30))
    hessian, start = factor.T @ factor / 40, rng.standard_normal(30)
    spectrum = cd.Spectrum.from_hessian(hessian, displacement=start)
    eps, p = 0.4, 0.75
    face, arguments = getattr(cd, name), (eps, p)
    if name == "qhm":
        face = face(nu=0.5)
    if name == "gradient_descent":
        arguments = (eps,)
    found = cd.simulate(spectrum, *arguments, steps=120, method=face)
    logs = cd.simulate(spectrum, *arguments, steps=120, method=face, record="log:20")
    w, last, buffer = start, start, np.zeros(30)
    for t in range(121):
        loss, distance = 0.5 * w @ hessian @ w, np.linalg.norm(w)
        assert found.loss[t] == pytest.approx(loss, rel=1e-11)
        assert found.distance[t] == pytest.approx(distance, rel=1e-11)
        if t in logs.times:
            place = np.flatnonzero(logs.times == t)[0]
            assert logs.loss[place] == pytest.approx(loss, rel=1e-11)
        if name == "nesterov":
            ahead = w + p * (w - last)
            w, last = ahead - eps * hessian @ ahead, w
        elif name == "qhm":
            buffer = p * buffer + (1 - p) * hessian @ w
            w = w - eps * (0.5 * hessian @ w + 0.5 * buffer)
        else:
            momentum = p if name == "heavy_ball" else 0.0
            w, last = w - eps * hessian @ w + momentum * (w - last), w


def test_cyclic_schedules_repeat(monkeypatch):
    """As an array of all steps does, also where its parts end between two records."""
    spectrum = cd.Spectrum([0.3, 1.0, 2.0])
    eps, p, steps = [0.5, 0.2, 0.1], [0.9, 0.4], 3000
    for record in ("every:7", [0, 2, 1000, 3000]):
        options = {"steps": steps, "record": record, "modes": True}
        arrays = (np.resize(values, steps) for values in (eps, p))
        expected = cd.simulate(spectrum, *arrays, **options)
        with monkeypatch.context() as patch:
            patch.setattr(simulate, "_MOST_STEPS", SPAN)
            found = cd.simulate(spectrum, cd.Cyclic(eps), cd.Cyclic(p), **options)
        assert found.modes.tobytes() == expected.modes.tobytes()
    with pytest.raises(InputError, match="finite"):
        cd.Cyclic([0.1, np.nan])
    with pytest.raises(InputError, match="for heavy_ball only"):
        cd.simulate(spectrum, cd.Cyclic(eps), method=cd.gradient_descent)


def test_schedules_modes_and_threads():
    rng = np.random.default_rng(2)
    k = np.sort(rng.uniform(0, 1, 1300))
    spectrum = cd.Spectrum(k, rng.uniform(1, 9, k.size), rng.uniform(0, 2, k.size))
    eps, p = rng.uniform(0, 1, 60), rng.uniform(0, 0.9, 60)
    options = {"record": "every:20", "modes": True}
    found = cd.simulate(spectrum, eps, p, 60, **options)
    w, step = np.ones(k.size), np.zeros(k.size)
    for t in range(60):
        step = p[t] * step - eps[t] * k * w
        w = w + step
    np.testing.assert_allclose(found.modes[-1], w, atol=1e-13)
    shares = spectrum.weights * spectrum.displacement
    assert found.loss[-1] == pytest.approx(0.5 * (shares * k * w * w).sum(), rel=1e-12)
    for more in ({}, {"record": [0, 7, 60], "modes": True}, {"record": "every:7"}):
        for parameters in ((eps, 0.5), (0.5, 0.9)):
            runs = [
                cd.simulate(
                    spectrum,
                    *parameters,
                    60,
                    threads=n,
                    backend=b,
                    **{**options, **more},
                )
                for n, b in ((1, "numba"), (2, "numba"), (2, "auto"))
            ]
            for run in runs[1:]:
                assert run.loss.tobytes() == runs[0].loss.tobytes()
                assert run.distance.tobytes() == runs[0].distance.tobytes()
    start = found.loss[0], found.distance[0] ** 2
    assert start == pytest.approx((0.5 * (shares * k).sum(), shares.sum()), rel=1e-12)


@pytest.mark.parametrize("record", ["every:1", "every:50", "log:30"])
def test_divergence_is_said_and_the_rest_is_inf(record):
    spectrum = cd.Spectrum([-1.0, 0.5, 9.0])
    found = cd.simulate(spectrum, 1.0, 0.9, 2000, record=record)
    assert 0 < found.diverged_at < 2000
    before = found.times < found.diverged_at
    assert np.isfinite(found.loss[before]).all()
    assert np.isinf(found.loss[~before]).all()
    assert np.isinf(found.distance[~before]).all()


def test_modes_without_a_share_count_nowhere():
    spectrum = cd.Spectrum([-1.0, 1.0], displacement=[0.0, 1.0])
    alone = cd.Spectrum([1.0])
    for record in ("every:1000", "log:9"):
        found = cd.simulate(spectrum, 0.5, 0.5, 3000, record=record)
        assert found.diverged_at is None
        expected = cd.simulate(alone, 0.5, 0.5, 3000, record=record)
        np.testing.assert_array_equal(found.loss, expected.loss)
    both = [cd.simulate_continuous(s, 1, 1, [0, 9, 2000]) for s in (spectrum, alone)]
    np.testing.assert_array_equal(both[0].total, both[1].total)


def test_recorded_iterations():
    assert recorded("every:30", 100).tolist() == [0, 30, 60, 90]
    assert recorded([5, 9], 9).tolist() == [5, 9]
    logs = recorded("log:10", 1000)
    assert (logs[0], logs[1], logs[-1], logs.size) == (0, 1, 1000, 11)
    for record, steps, said in (
        ("every:0", 9, "record: 'every:0' given; write every:M"),
        ("often", 9, "record: 'often' given; write every:M"),
        ([2, 1], 9, "record: increasing whole numbers from 0 to 9"),
        ([1, 10], 9, "record: increasing whole numbers"),
        ([0.5], 9, "record: increasing whole numbers"),
        ([], 9, "record: increasing whole numbers"),
        (np.array([0, 8, 3], np.uint64), 9, "record: increasing whole numbers"),
        ("every:" + "9" * 5000, 9, "write every:M"),
        ("every:1", 0, "steps: 0 given; a whole number from 1 to"),
        ("every:1", 2**30, "more than 100,000,000 iterations"),
    ):
        with pytest.raises(InputError, match=said):
            recorded(record, steps)


def test_bad_input():
    one = cd.Spectrum([1.0])
    for arguments, options, said in (
        ((0.1, [0.5, 0.6], 3), {}, "p: 2 values for 3 steps"),
        ((np.nan, 0.5, 3), {}, "eps: nan given; finite numbers are needed"),
        (
            (0.1, 0.5, 3),
            {"method": cd.gradient_descent},
            "p: gradient_descent has no such parameter; it has eps",
        ),
        (
            ([0.1] * 3, 0.5, 3),
            {"method": cd.nesterov},
            "nesterov takes one number",
        ),
        ((0.1, 0.5, 3), {"method": cd.heavy_ball(eps=0.1)}, "eps: is already bound"),
        ((0.1, 0.5, 3), {"method": cd.qhm(nu=np.inf)}, "nu: inf given; finite"),
        (("a", 0.5, 3), {}, "eps: holds <U1, real numbers are needed"),
        ((0.1, 0.5, 3), {"backend": "gpu"}, "backend: 'gpu' is unknown"),
        ((0.1, 0.5, 3), {"threads": 0}, "threads: 0 given"),
        ((0.1, 0.5, 3), {"method": cd.qhm}, "nu: qhm needs a value"),
        ((None, 0.5, 3), {}, "eps: heavy_ball needs a value"),
        ((0.1, 0.5, 3), {"nu": 0.5}, "nu: heavy_ball has no such parameter"),
    ):
        with pytest.raises(InputError, match=said):
            cd.simulate(one, *arguments, **options)
