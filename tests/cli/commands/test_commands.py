"""Commands as people use them."""

import json
import shlex
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest

import critdamp as cd

GRID = ("--eps", "log:1e-2:4:40", "--p", "lin:0:0.9:10", "--k", "0.1,1")


def test_sweep_then_inspect(critdamp):
    names = ("--quantity", "spectral_radius", "--quantity", "regime")
    done = critdamp("sweep", *GRID, *names, "-o", "run.h5")
    assert (done.code, done.out) == (0, "")
    assert "800 points" in done.err
    shown = critdamp("inspect", "run.h5")
    assert (shown.code, shown.err) == (0, "")
    assert "log    40      0.01   4" in shown.out
    assert "spectral_radius" in shown.out
    record = json.loads(critdamp("inspect", "run.h5", "--json").out)
    assert record["axes"]["p"] == {"scale": "lin", "size": 10, "first": 0, "last": 0.9}
    assert record["provenance"]["command_line"].startswith("critdamp sweep --eps log")
    with cd.open_run("run.h5") as run:
        rho = run["spectral_radius"][()]
    known = record["quantities"]["spectral_radius"]
    assert (known["minimum"], known["maximum"]) == (rho.min(), rho.max())
    assert known["diverging"] == np.mean(rho > 1)
    assert critdamp("status", "run.h5").code == 0


def test_inspect_at_the_nearest_point(critdamp):
    critdamp("sweep", *GRID, "--quantity", "regime", "-o", "run.h5", "--quiet")
    found = json.loads(
        critdamp("inspect", "run.h5", "--at", "eps=9,p=0,k=2", "--json").out
    )
    assert found == {"point": {"k": 1, "eps": 4, "p": 0}, "values": {"regime": -1}}
    assert "divergent" in critdamp("inspect", "run.h5", "--at", "eps=9,p=0,k=2").out


def test_whole_spectrum_beside_polyaks_point(critdamp):
    axes = ("--eps", "log:0.1:20:300", "--p", "lin:0.5:0.999:300")
    names = ("--quantity", "spectral_radius", "--quantity", "rate")
    done = critdamp(
        "sweep", "--spectrum", "digits-softmax", *axes, *names, "-o", "m.h5"
    )
    assert done.code == 0
    assert "1 zero mode of 650 left out" in done.err
    record = json.loads(critdamp("inspect", "m.h5", "--json").out)
    assert (record["spectrum"]["modes"], record["spectrum"]["zeros"]) == (650, 1)
    best, polyak = record["quantities"]["rate"]["best_value"], record["polyak"]["rate"]
    assert polyak * 0.95 < best < polyak
    shown = critdamp("inspect", "m.h5").out
    assert "650 modes, 1 zero left out" in shown
    assert "rate, Polyak" in shown


def test_curvatures_of_a_spectrum_as_an_axis(critdamp):
    axes = ("--eps", "0.1,1", "--p", "0.9", "--k", "@digits-softmax")
    done = critdamp("sweep", *axes, "-o", "run.h5")
    assert "--k: spectrum digits-softmax: 1 zero mode of 650 left out" in done.err
    assert "90 repeated curvatures are taken once" in done.err
    with cd.open_run("run.h5") as run:
        assert len(run.axes["k"]) == 649 - 90


@pytest.mark.parametrize(
    ("method", "axes"),
    [
        ("gradient_descent", ("--eps", "lin:0.1:1:5", "--k", "1")),
        ("nesterov", ("--eps", "lin:0.1:1:5", "--p", "0.5", "--k", "1")),
        ("qhm", ("--eps", "lin:0.1:1:5", "--p", "0.5", "--k", "1", "--nu", "0.7")),
    ],
)
def test_every_method(critdamp, method, axes):
    assert critdamp("sweep", "--method", method, *axes, "-o", "run.h5").code == 0
    record = json.loads(critdamp("inspect", "run.h5", "--json").out)
    assert list(record["axes"]) == list(getattr(cd, method).method.dimensions)


def test_toml_plan_with_overrides(critdamp, tmp_path):
    folder = tmp_path / "plans"
    folder.mkdir()
    np.save(folder / "k.npy", [0.5, 1.0])
    (folder / "plan.toml").write_text(
        'eps = "log:1e-2:1:5"\np = [0.0, 0.5]\nk = "@k.npy"\n'
        'quantity = ["rate", "settling_time"]\ntol = 1e-3\n'
    )
    override = ("--tol", "1e-4", "--eps", "0.1")
    assert critdamp("sweep", folder / "plan.toml", *override, "-o", "run.h5").code == 0
    with cd.open_run("run.h5") as run:
        assert run.plan.tol == 1e-4
        assert run["settling_time"].shape == (2, 1, 2)
        expected = cd.settling_time(0.1, 0.5, 1.0, 1e-4)
        assert run["settling_time"][1, 0, 1] == expected
    swap = ("--spectrum", "digits-softmax", "--quantity", "rate")
    assert critdamp("sweep", folder / "plan.toml", *swap, "-o", "map.h5").code == 0


def test_dry_run_writes_nothing(critdamp, tmp_path):
    big = ("--eps", "log:1e-2:4:20000", "--p", "lin:0:0.9:20000", "--k", "lin:1:2:2000")
    shown = critdamp("sweep", *big, "-o", "run.h5", "--dry-run")
    assert shown.code == 0
    assert "800,000,000,000 points" in shown.out
    assert list(tmp_path.iterdir()) == []


def test_info_names_what_matters(critdamp):
    known = json.loads(critdamp("info", "--json").out)
    assert known["backends"][-1] == "numba"
    assert known["threads"] >= 1
    assert known["threading_layer"] in ("omp", "tbb", "workqueue")
    assert "digits-softmax" in known["spectra"]
    assert "threading_layer" in critdamp("info").out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_resumed_and_the_same(critdamp, started, tmp_path, bits, number):
    axes = ("--eps", "log:1e-3:4:600", "--p", "lin:0:0.999:600", "--k", "lin:1:9:40")
    names = ("--quantity", "spectral_radius", "--quantity", "settling_time")
    process = started("sweep", *axes, *names, "-o", "run.h5", "--threads", "1")
    # the first tile is written
    while not any(tmp_path.glob("run.h5.parts/shard-*.tmp")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.send_signal(number)
    _, message = process.communicate()
    assert process.returncode == 130, message
    assert "critdamp resume run.h5" in message
    assert not (tmp_path / "run.h5").exists()
    shown = critdamp("status", "run.h5", "--json")
    assert shown.code == 3
    now = json.loads(shown.out)
    assert 0 < now["done"] < now["tiles"]
    assert critdamp("resume", "run.h5").code == 0
    assert critdamp("sweep", *axes, *names, "-o", "whole.h5").code == 0
    assert bits(tmp_path / "run.h5") == bits(tmp_path / "whole.h5")


def test_negative_and_zero_curvatures_are_counted(critdamp):
    done = critdamp("sweep", "--eps", "1", "--p", "0", "--k=-1,0,1,2", "-o", "run.h5")
    assert done.code == 0
    assert "--k: 1 of 4 negative: w diverges there" in done.err
    assert "--k: 1 of 4 zero: w never moves there" in done.err


def test_names_that_a_shell_would_split(critdamp, started, tmp_path):
    axes = ("--eps", "log:1e-3:4:300", "--p", "lin:0:0.999:300", "--k", "lin:1:9:90")
    names = ("--quantity", "transient_peak")
    process = started("sweep", *axes, *names, "-o", "my run.h5")
    while not (tmp_path / "my run.h5.parts" / "live.h5").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, message = process.communicate()
    assert process.returncode == 130
    assert "stopping; Ctrl-C again stops at once" in message
    assert "go on with: critdamp resume 'my run.h5'" in message


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "1>&- 2>&-"])
def test_closed_streams_stop_nothing(tmp_path, closed):
    command = (
        f"{shlex.quote(sys.executable)} -m critdamp sweep --eps 1 --p 0 --k 1 -o run.h5"
    )
    subprocess.run(f"{command} {closed}", shell=True, cwd=tmp_path, check=True)
    assert (tmp_path / "run.h5").exists()


def test_another_plan_is_refused_in_one_line(critdamp, tmp_path):
    critdamp("sweep", *GRID, "-o", "run.h5", "--keep-shards")
    (tmp_path / "run.h5").unlink()
    (tmp_path / "plan.toml").write_text('eps="0.1"\np="lin:0:0.9:10"\nk=[0.1, 1]')
    for again in (
        ("resume", "run.h5", "--plan", "plan.toml"),
        ("sweep", "plan.toml", "-o", "run.h5"),
    ):
        refused = critdamp(*again)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "→ 0.1" in refused.err
        assert "critdamp resume run.h5" in refused.err
    assert critdamp("resume", "run.h5").code == 0
    assert critdamp("resume", "none.h5").code == 2


def test_verify_trains_a_problem(critdamp):
    problem = "breast-cancer-softmax"
    arguments = ["verify", "--problem", problem, "--eps", "3", "--p", "0.9"]
    trained = json.loads(critdamp(*arguments, "--train", "--json").out)
    assert trained["predicted"] == trained["trained"] > 0
    beside = json.loads(critdamp(*arguments, "--per-weight", "--json").out)
    assert beside["difference"] < 1e-8


def test_rates_for_each_weight_have_a_spectrum(critdamp, tmp_path):
    hessian = np.array([[400.0, 1.0], [1.0, 0.01]])
    np.save(tmp_path / "h.npy", hessian)
    found = critdamp("spectrum", tmp_path / "h.npy", "--per-weight", "--json")
    expected = np.linalg.eigvalsh([[1, 0.5], [0.5, 1]])
    known = json.loads(found.out)
    assert [known["kmin"], known["kmax"]] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "--eps", "1"], "give either HESSIAN or --problem"),
        (["verify", "h.npy", "--eps", "1", "--train"], "--train: needs --problem"),
        (["verify", "h.npy", "--eps", "1", "--scale", "1"], "--scale: needs --train"),
        (["verify", "--problem", "x", "--train", "--eps", "1"], "has no training"),
        (["spectrum", "--problem", "diabetes", "--per-weight"], "needs a Hessian as"),
        (["spectrum", "digits-softmax", "--per-weight"], "need a Hessian"),
        (
            ["sweep", "--eps", "1", "--p", "0", "--spectrum", "digits-softmax",
             "--quantity", "loss_after", "-o", "x.h5"],
            "write loss_after:100",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_asked(critdamp, arguments, said):
    result = critdamp(*arguments)
    assert result.code in (1, 2)
    assert said in result.err
    assert "Traceback" not in result.err


def test_a_run_is_made_again_from_itself(critdamp, bits, tmp_path):
    quantities = ("--quantity", "rate", "--quantity", "regime")
    assert critdamp("sweep", *GRID, *quantities, "-o", "run.h5").code == 0
    assert critdamp("sweep", "--like", "run.h5", "-o", "again.h5").code == 0
    assert bits(tmp_path / "again.h5") == bits(tmp_path / "run.h5")
    wrong = critdamp("sweep", "--like", "run.h5", "--tol", "1e-3", "-o", "x.h5")
    assert wrong.code == 2
    assert "gives the whole plan; leave out --tol" in wrong.err


def test_status_verifies(critdamp, tmp_path):
    assert critdamp("sweep", *GRID, "-o", "run.h5").code == 0
    assert critdamp("status", "run.h5", "--verify").code == 0
    with h5py.File(tmp_path / "run.h5", "r") as file:
        place = file["spectral_radius"].id.get_chunk_info(0)
    data = bytearray((tmp_path / "run.h5").read_bytes())
    data[place.byte_offset + place.size // 2] ^= 8
    (tmp_path / "run.h5").write_bytes(data)
    found = critdamp("status", "run.h5", "--verify")
    assert found.code == 1
    assert "spectral_radius[0:2, 0:40, 0:10]" in found.out
    assert "1 damaged" in found.err
    assert json.loads(critdamp("status", "run.h5", "--verify", "--json").out)["damaged"]
    assert "`critdamp resume` computes maps again" in found.err
    assert critdamp("resume", "run.h5").code == 0
    assert critdamp("status", "run.h5", "--verify").code == 0
    with h5py.File(tmp_path / "run.h5", "r+") as file:
        file.attrs["tol"] = 0.5
    found = critdamp("status", "run.h5", "--verify")
    assert "run.h5: damaged: its metadata" in found.out
    assert "1 damaged; make it again" in found.err
    assert "make it again" in critdamp("resume", "run.h5").err
