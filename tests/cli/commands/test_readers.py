"""Every command that reads shows every file that a command makes, or says why not."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from critdamp.engine.quantities.regime import regime

EPS_P = ("--eps", "log:1e-2:1:8", "--p", "lin:0:0.9:6")
INTEGRATE = ("integrate", "s.h5", "--steps", "20", "-o", "made.h5")
SPECTRUM = ("spectrum", "k.csv", "-o", "made.h5")
MODES = ("transient_peak", "stable_share", "loss_after:9")


def of_spectrum(*quantities, negative="error", source="k.csv"):
    """Return the commands that make the map of a spectrum."""
    names = [f"--quantity={name}" for name in quantities]
    return (
        ("spectrum", source, "-o", "s.h5", "--negative", negative),
        ("sweep", "--spectrum", "s.h5", *EPS_P, *names, "-o", "made.h5"),
    )


def of_mode(*options):
    return (
        ("sweep", "--eps", "0.1,0.2,0.4", "--k", "0.5,1", *options, "-o", "made.h5"),
    )


HEAVY_BALL = ("--p", "0,0.5")
QHM = ("--method", "qhm", "--p", "0,0.5", "--nu", "0.5,1")
ROUTES = {
    "run": of_mode(*HEAVY_BALL),
    "codes": of_mode(*HEAVY_BALL, "--quantity", "regime"),
    "gradient descent": of_mode("--method", "gradient_descent"),
    "qhm": of_mode(*QHM, "--dtype", "float32", "--no-compression"),
    "negative k": (("sweep", *EPS_P, "--k=-2,-1", "-o", "made.h5"),),
    "shards": of_mode(*HEAVY_BALL, "--keep-shards"),
    "map": of_spectrum("rate", "loss_settling_time", *MODES),
    "negative modes": of_spectrum(*MODES, negative="keep", source="n.csv"),
    "negative modes only": of_spectrum(*MODES, negative="keep", source="m.csv"),
    "spectrum": (SPECTRUM,),
    "negative spectrum": (("spectrum", "n.csv", "--negative=keep", "-o", "made.h5"),),
    "spectrum without zeros": ((*SPECTRUM, "--zero", "drop", "--shift", "0.1"),),
    "per weight": (("spectrum", "h.npy", "--per-weight", "-o", "made.h5"),),
    "trajectory": ((*SPECTRUM[:3], "s.h5"), (*INTEGRATE, "--eps", "0.1")),
    "modes": (
        (*SPECTRUM[:3], "s.h5"),
        (*INTEGRATE, "--eps", "cyclic:0.1,0.2", "--p", "0.5", "--modes"),
    ),
    "diverged": (
        (*SPECTRUM[:3], "s.h5"),
        (*INTEGRATE, "--steps", "5000", "--eps", "9", "--record", "every:100"),
    ),
    "continuous": (
        (*SPECTRUM[:3], "s.h5"),
        ("integrate", "s.h5", "--continuous", "--times", "lin:0:9:5", "-o", "made.h5"),
    ),
}
REGIMES = regime.flags.values()
RUNS = list(ROUTES)[: list(ROUTES).index("spectrum")]


@pytest.fixture(params=ROUTES)
def route(request, critdamp, tmp_path):
    """Make a file by the commands of a route, and return the name of the route."""
    np.savetxt(tmp_path / "k.csv", [0.0, 0.1, 0.1, 1.0])
    np.savetxt(tmp_path / "n.csv", [-0.5, 0.0, 0.1, 1.0])
    np.savetxt(tmp_path / "m.csv", [-0.5, -0.1])
    np.save(tmp_path / "h.npy", [[2.0, 0.1], [0.1, 1.0]])
    for command in ROUTES[request.param]:
        done = critdamp(*command)
        assert done.code == 0, done.err
    return request.param


def test_every_file_is_shown(route, critdamp):
    shown = critdamp("inspect", "made.h5")
    assert (shown.code, shown.err) == (0, "")
    record = json.loads(critdamp("inspect", "made.h5", "--json").out)
    kind = "run" if route in RUNS else record["kind"]
    assert record["kind"] == kind
    asked = critdamp("inspect", "made.h5", "--at", "x=1")
    assert asked.code == 2
    assert kind == "run" or f"a {kind}; only a run has points" in asked.err
    for ending in (".csv", ".npz", ".nc"):
        exported = critdamp("export", "made.h5", "-o", f"made{ending}", "--force")
        assert (exported.code, exported.out) == (0, ""), exported.err
    for command in (["status"], ["status", "--check"], ["resume"]):
        done = critdamp(command[0], "made.h5", *command[1:])
        assert "Traceback" not in done.err
        if kind == "run":
            assert done.code == 0, done.err
            assert "complete" in done.out + done.err
        else:
            assert done.code == 1
            assert f"a {kind}, not a run; see critdamp inspect" in done.err


@pytest.mark.parametrize("route", RUNS, indirect=True)
def test_every_run_is_read_at_a_point_and_made_again(route, critdamp):
    axes = json.loads(critdamp("inspect", "made.h5", "--json").out)["axes"]
    at = ",".join(f"{name}={axis['last']!r}" for name, axis in axes.items())
    found = critdamp("inspect", "made.h5", "--at", at, "--json")
    assert json.loads(found.out)["point"] == {n: a["last"] for n, a in axes.items()}
    assert critdamp("inspect", "made.h5", "--at", at).code == 0
    assert critdamp("sweep", "--like", "made.h5", "-o", "again.h5").code == 0


def test_what_a_trajectory_holds(critdamp, tmp_path):
    np.savetxt(tmp_path / "k.csv", [0.5, 0.5, 1.0])
    critdamp("spectrum", "k.csv", "--name", "three", "-o", "s.h5")
    critdamp(*INTEGRATE, "--eps", "0.5", "--p", "0.2", "--record", "every:5")
    record = json.loads(critdamp("inspect", "made.h5", "--json").out)
    assert (record["spectrum"], record["modes"]) == ("three", 3)
    assert record["point"] == {"method": "heavy_ball", "eps": "0.5", "p": "0.2"}
    assert (record["steps"], record["records"], record["last"]) == (20, 5, 20)
    # ½ Σ k w² at w = 1
    assert record["ends"]["loss"]["first"] == 1.0
    shown = critdamp("inspect", "made.h5").out
    assert "three, 3 modes" in shown
    assert "eps=0.5, p=0.2" in shown


def test_what_a_spectrum_holds(critdamp, tmp_path):
    np.savetxt(tmp_path / "n.csv", [-0.5, 0.0, 0.25, 0.25, 1.0])
    critdamp("spectrum", "n.csv", "--negative", "keep", "-o", "s.h5")
    record = json.loads(critdamp("inspect", "s.h5", "--json").out)
    counts = [record[f"{name}modes"] for name in ("", "zero_", "negative_")]
    assert counts == [5, 1, 1]
    assert (record["kmin"], record["kmax"], record["kmin_converged"]) == (0.25, 1, True)
    assert record["provenance"]["made_negative"] == "keep"


def test_best_points_of_a_map(critdamp, tmp_path):
    np.savetxt(tmp_path / "k.csv", [0.1, 1.0])
    critdamp("spectrum", "k.csv", "-o", "s.h5")
    grid = ("--eps", "lin:0.5:4:36", "--p", "lin:0:0.1:3")
    critdamp("sweep", "--spectrum", "s.h5", *grid, "--quantity=rate", "-o", "m.h5")
    rate = json.loads(critdamp("inspect", "m.h5", "--json").out)["quantities"]["rate"]
    # Polyak's p is ((√10 − 1)/(√10 + 1))² = 0.27, beyond the grid
    assert rate["best_on_border"] == ["p"]
    shown = critdamp("inspect", "m.h5").out
    assert "on the border: p = 0.1" in shown
    assert "% of points" in shown
    # over several k there is none
    critdamp("sweep", "--k", "0.1,1", *grid, "--quantity=regime", "-o", "k.h5")
    critdamp("sweep", "--k", "0.1,1", *grid, "--quantity=rate", "-o", "r.h5")
    rate = json.loads(critdamp("inspect", "r.h5", "--json").out)["quantities"]["rate"]
    assert (rate["best_value"], rate["best_point"]) == (None, {})
    shown = critdamp("inspect", "k.h5").out
    (row,) = (line for line in shown.splitlines() if line.startswith("regime "))
    assert row.split()[1] in REGIMES
    assert row.split()[2] in REGIMES


def test_numbers_of_axes_are_taken_by_at(critdamp):
    critdamp(
        "sweep", "--k", "1", "--eps", "1", "--p", "0.98999999999999999,1", "-o", "r"
    )
    shown = critdamp("inspect", "r", "--at", "p=0.98999999999999999")
    assert "p                0.99 " in shown.out


@pytest.mark.parametrize(
    "command",
    [
        "inspect run.h5", "inspect run.h5 --json", "status run.h5", "info",
        "info --json", "--help", "sweep --help", "inspect none.h5 2>&1",
        "status run.h5 --json", "inspect run.h5 2>&1", "--version",
        "spectrum digits-softmax --quiet --json", "inspect run.h5 --at eps=1,p=0,k=1",
    ],
)  # fmt: skip
def test_closed_pipes_end_in_silence(critdamp, tmp_path, command):
    critdamp("sweep", "--eps", "1", "--p", "0", "--k", "1", "-o", "run.h5", "--quiet")
    read, write = os.pipe()
    os.close(read)
    words = command.removesuffix(" 2>&1").split()
    errors = write if command.endswith("2>&1") else subprocess.PIPE
    ended = subprocess.run(
        [sys.executable, "-m", "critdamp", *words],
        stdout=write, stderr=errors, cwd=tmp_path, check=False,
    )  # fmt: skip
    os.close(write)
    # as a shell shows SIGPIPE
    assert ended.returncode == 141
    assert not ended.stderr
