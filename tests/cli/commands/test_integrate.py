"""`critdamp integrate`: trajectories of a spectrum, and their files."""

import json
import tracemalloc
from functools import partial

import h5py
import numpy as np
import pytest
import xarray

import critdamp as cd
from critdamp.data.formats.trajectory_file import save_trajectory

SOME = ("digits-softmax", "--eps", "0.5", "--p", "0.9", "--steps", "200")

TAKES = "a number of iterations"
LEFT_OUT = "spectrum digits-softmax: 1 zero mode of 650 left out (k = 0 never moves)"


def test_file_holds_what_the_library_returns(critdamp, tmp_path):
    done = critdamp("integrate", *SOME, "--record", "log:30", "--modes", "-o", "t.h5")
    assert done.code == 0
    assert done.err.splitlines() == [LEFT_OUT]
    assert "infinite from   never" in done.out
    spectrum = cd.load_spectrum("digits-softmax").positive
    expected = cd.simulate(spectrum, 0.5, 0.9, 200, record="log:30", modes=True)
    for engine in ("h5netcdf", "netcdf4"):
        with xarray.open_dataset(tmp_path / "t.h5", engine=engine) as data:
            assert data["loss"].dims == ("t",)
            assert data["modes"].dims == ("t", "mode")
            np.testing.assert_array_equal(data["t"], expected.times)
            np.testing.assert_array_equal(data["loss"], expected.loss)
            np.testing.assert_array_equal(data["modes"], expected.modes)
            np.testing.assert_array_equal(data["spectrum_k"], spectrum.k)
            assert data.attrs["diverged_at"] == -1
    refused = critdamp("integrate", *SOME, "-o", "t.h5")
    assert (refused.code, refused.err.count("\n")) == (2, 1)


def test_schedules(critdamp, tmp_path):
    np.save(tmp_path / "p.npy", np.linspace(0.5, 0.9, 7))
    options = ("--eps", "cyclic:0.5,0.25,1", "--p", "@p.npy", "--steps", "7")
    done = critdamp("integrate", "digits-softmax", *options, "-o", "s.h5", "--json")
    record = json.loads(done.out)
    eps = [0.5, 0.25, 1, 0.5, 0.25, 1, 0.5]
    spectrum = cd.load_spectrum("digits-softmax").positive
    expected = cd.simulate(spectrum, eps, np.linspace(0.5, 0.9, 7), 7)
    assert record["loss_last"] == expected.loss[-1]
    with h5py.File(tmp_path / "s.h5") as file:
        assert file["eps_schedule"][()].tolist() == eps


def test_schedules_take_the_memory_of_a_part(tmp_path):
    """2²⁴ steps, of which an array has 134 MB."""
    spectrum, steps = cd.Spectrum([1.0]), 2**24
    eps = cd.Cyclic([0.5, 2.0])
    run = partial(cd.simulate, spectrum, eps, 0.3, steps, record="log:5")
    tracemalloc.start()
    save_trajectory(
        lambda _keep: run(), spectrum, tmp_path / "t.h5", {}, {"eps": eps}, steps
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * steps // 2
    with h5py.File(tmp_path / "t.h5") as file:
        assert file["step"][-2:].tolist() == [steps - 1, steps]
        assert file["eps_schedule"][-3:].tolist() == [2.0, 0.5, 2.0]


def test_a_long_list_is_recorded(critdamp, tmp_path):
    """An attribute of HDF5 beside the object has 64 KiB at most."""
    eps = ",".join(["0.123456"] * 9000)
    options = ("--eps", eps, "--p", "0", "--steps", "9000", "--record", "0,9000")
    done = critdamp("integrate", "digits-softmax", *options, "-o", "t.h5")
    assert (done.code, done.err.count("\n")) == (0, 1)
    with h5py.File(tmp_path / "t.h5") as file:
        assert file.attrs["made_eps"] == eps


def test_continuous(critdamp, tmp_path):
    options = (
        "--continuous",
        "--mass",
        "2",
        "--friction",
        "0.5",
        "--times",
        "lin:0:9:4",
    )
    done = critdamp(
        "integrate", "digits-softmax", "--continuous", *options, "-o", "c.h5"
    )
    assert done.code == 0, done.err
    spectrum = cd.load_spectrum("digits-softmax").positive
    expected = cd.simulate_continuous(spectrum, 2, 0.5, [0, 3, 6, 9])
    with xarray.open_dataset(tmp_path / "c.h5") as data:
        np.testing.assert_array_equal(data["total"], expected.total)
        assert data["total"].dims == ("time",)


def test_divergence_leaves_a_complete_file(critdamp, tmp_path):
    options = ("--eps", "1e9", "--p", "0.9", "--steps", "100")
    done = critdamp("integrate", "digits-softmax", *options, "-o", "d.h5", "--json")
    at = json.loads(done.out)["diverged_at"]
    with h5py.File(tmp_path / "d.h5") as file:
        assert file.attrs["diverged_at"] == at > 0
        assert np.isfinite(file["loss"][:at]).all()
        assert np.isinf(file["loss"][at:]).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--eps", "8", "--p", "0.926"), "stable (spectral radius 0.968)"),
        # a loss of 1e56, which is not infinite
        (("--eps", "8.3", "--p", "0.9"), "diverges (spectral radius 1.24)"),
        (("--eps", "1", "--zero", "keep"), "marginal (spectral radius 1)"),
        (("--eps", "cyclic:1,2"), "depends on the schedule"),
        (("--continuous", "--times", "0,9"), "stable"),
        (("--continuous", "--times", "0,9", "--friction", "0"), "marginal"),
    ],
)
def test_convergence_is_said_in_words(critdamp, options, said):
    given = "integrate", "digits-softmax", "--steps", "300", *options
    shown = critdamp(*given)
    assert shown.out.rstrip().endswith(f"  {said}")
    assert "infinite from   never" in shown.out or "--continuous" in options
    record = json.loads(critdamp(*given, "--json").out)
    assert record["convergence"] in (said.split()[0], "schedule")


def test_no_mode_with_a_share_diverges(critdamp):
    cd.save_spectrum(cd.Spectrum([-1.0, 1.0], displacement=[0.0, 1.0]), "s.h5")
    shown = critdamp("integrate", "s.h5", "--eps", "0.5", "--p", "0.5")
    assert "stable (spectral radius 0.707)" in shown.out
    cd.save_spectrum(cd.Spectrum([-1.0, 1.0]), "n.h5")
    given = "integrate", "n.h5", "--eps", "0.5", "--p", "0.5"
    assert "diverges (spectral radius 1.71)" in critdamp(*given).out
    for treatment in ("drop", "abs"):
        shown = critdamp(*given, "--negative", treatment)
        assert "stable (spectral radius 0.707)" in shown.out
    assert "stable" in critdamp(*given, "--shift", "1.5").out
    refused = critdamp(*given, "--negative", "error")
    assert refused.code == 2
    assert "1 negative mode" in refused.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--eps", "0.1,0.2"), "--eps: 2 values for 9 steps"),
        (("--eps", "fast"), "--eps: 'fast': write a number"),
        (("--eps", "@none.npy"), "none.npy: no such file"),
        (("--eps", "nan"), "--eps: nan given; finite"),
        ((), "--eps: needed by heavy_ball"),
        (("--eps", "1", "--steps", "0"), "--steps: 0 given"),
        (
            ("--eps", "1", "--record", "2,1"),
            "record: increasing whole numbers from 0 to 9",
        ),
        (("--eps", "1", "--record", "often"), "record: 'often' given; write every:M"),
        (("--eps", "1", "--nu", "0.5"), "--nu: heavy_ball has --eps, --p"),
        (("--eps", "1", "--method", "qhm"), "--nu: needed by qhm"),
        (
            ("--eps", "0.1,0.2", "--steps", "2", "--method", "nesterov"),
            "--eps: 2 values given; nesterov takes one number",
        ),
        (("--continuous",), "--times: needed with --continuous"),
        (("--continuous", "--times", "1,0"), "--times: 0 follows 1"),
        (("--continuous", "--times", "0,1", "--mass", "-1"), "mass: -1.0 given"),
    ],
)
def test_bad_input(critdamp, tmp_path, options, said):
    refused = critdamp(
        "integrate", "digits-softmax", "--steps", "9", *options, "-o", "t.h5"
    )
    assert refused.code == 2, refused.err
    assert said in refused.err
    assert (refused.out, refused.err.count("\n")) == ("", 1)
    assert not (tmp_path / "t.h5").exists()


def test_verify(critdamp, tmp_path):
    np.save(tmp_path / "h.npy", np.diag([0.1, 1.0, 2.0]))
    shown = critdamp("verify", "h.npy", "--eps", "0.5", "--p", "0.8", "--json")
    record = json.loads(shown.out)
    assert record["difference"] < 1e-12
    assert record["coupled"] == record["decoupled"] > 10
    assert "decoupled" in critdamp("verify", "h.npy", "--eps", "0.5").out
    assert (record["convergence"], record["zero_modes"]) == ("stable", 0)
    for options, said in (
        (("none.npy", "--eps", "1"), "none.npy: no such file"),
        (("h.npy", "--eps", "nan"), "eps: nan given"),
        (("h.npy",), "--eps: needed by heavy_ball"),
        (("h.npy", "--eps", "1", "--steps", "0"), "steps: 0"),
    ):
        refused = critdamp("verify", *options)
        assert refused.code == 2
        assert said in refused.err
        assert refused.err.removeprefix("h.npy: 3 × 3\n").count("\n") == 1


@pytest.mark.parametrize(
    ("k", "options", "coupled"),
    [
        ([0.1, 1.0], ("--steps", "9"), "not in 9 steps"),
        ([0.0, 1.0], (), "not in 10,000 steps: 1 zero mode in the start, see --zero"),
        ([0.0, 1.0], ("--zero", "drop"), TAKES),
        ([0.0, 1.0], ("--shift", "1"), TAKES),
        ([-1.0, 1.0], (), "never: diverges (spectral radius 1.71)"),
        ([-1.0, 1.0], ("--negative", "drop"), TAKES),
        ([-1.0, 1.0], ("--negative", "abs"), TAKES),
        ([0.1, 1.0], ("--p", "1"), "never: marginal (spectral radius 1)"),
    ],
)
def test_verify_says_why_nothing_settles(critdamp, k, options, coupled):
    np.save("h.npy", np.diag(k))
    momentum = () if "--p" in options else ("--p", "0.5")
    given = "verify", "h.npy", "--eps", "0.5", *momentum, *options
    shown = critdamp(*given)
    (line,) = (li for li in shown.out.splitlines() if li.startswith("coupled"))
    text = line.removeprefix("coupled").strip()
    record = json.loads(critdamp(*given, "--json").out)
    if text.isdecimal():
        assert 35 < int(text) == record["coupled"] < 45
        assert coupled == TAKES
    else:
        assert (text, record["coupled"]) == (coupled, None)


def test_verify_refuses_what_spectrum_refuses(critdamp):
    np.save("h.npy", np.diag([-1.0, 1.0]))
    refused = critdamp("verify", "h.npy", "--eps", "0.5", "--negative", "error")
    assert refused.code == 2
    assert "--negative: 1 negative mode, the smallest k is -1" in refused.err
    np.save("a.npy", [[1.0, 0.5], [0.0, 1.0]])
    refused = critdamp("verify", "a.npy", "--eps", "0.5")
    assert refused.code == 2
    assert "not symmetric: max|H − Hᵀ| is 0.5 of max|H|" in refused.err
