"""`critdamp integrate`: trajectories of a spectrum, and their files."""

import json

import h5py
import numpy as np
import pytest
import xarray

import critdamp as cd

SOME = ("digits-softmax", "--eps", "0.5", "--p", "0.9", "--steps", "200")


def test_file_holds_what_the_library_returns(critdamp, tmp_path):
    done = critdamp("integrate", *SOME, "--record", "log:30", "--modes", "-o", "t.h5")
    assert (done.code, done.err) == (0, "")
    assert "diverged_at     never" in done.out
    spectrum = cd.load_spectrum("digits-softmax")
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
    spectrum = cd.load_spectrum("digits-softmax")
    expected = cd.simulate(spectrum, eps, np.linspace(0.5, 0.9, 7), 7)
    assert record["loss_last"] == expected.loss[-1]
    with h5py.File(tmp_path / "s.h5") as file:
        assert file["eps_schedule"][()].tolist() == eps


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
    spectrum = cd.load_spectrum("digits-softmax")
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
    for options, said in (
        (("none.npy", "--eps", "1"), "none.npy: no such file"),
        (("h.npy", "--eps", "nan"), "eps: nan given"),
        (("h.npy",), "--eps: needed by heavy_ball"),
        (("h.npy", "--eps", "1", "--steps", "0"), "steps: 0"),
    ):
        refused = critdamp("verify", *options)
        assert refused.code == 2
        assert said in refused.err
        assert refused.err.count("\n") == 1
