"""Random sweeps, killed at random moments and resumed, against undisturbed ones."""

import os
import random
import signal
import subprocess
import sys
import time

import effort
import pytest

import critdamp as cd
from critdamp.data.shards.folder import RunFolder

pytestmark = pytest.mark.crash

SECONDS = effort.number("SOAK", 3.0, 8.0)


def arguments(rng):
    """Return a random small sweep, as it is typed."""
    method = rng.choice(["heavy_ball", "gradient_descent", "nesterov", "qhm"])
    sides = [rng.choice([1, 7, 60, 400]) for _ in range(3)]
    axes = [f"--eps=log:1e-3:{rng.uniform(0.1, 9)}:{max(sides[0], 2)}"]
    if method != "gradient_descent":
        axes.append(f"--p=lin:0:{rng.uniform(0.5, 0.999)}:{max(sides[1], 2)}")
    if method == "qhm":
        axes.append("--nu=0.3,0.7")
    if rng.random() < 0.3:
        source = ["--spectrum=digits-softmax"]
        known = ["spectral_radius", "rate", "stable_share", "noise_floor"]
    else:
        source = [f"--k=log:1e-3:1:{max(sides[2], 2)}"]
        known = ["spectral_radius", "rate", "regime", "noise_variance"]
    names = rng.sample(known, rng.randint(1, 3))
    options = [f"--dtype={rng.choice(['float64', 'float32'])}", f"--method={method}"]
    options += ["--no-compression"] * (rng.random() < 0.2)
    return [*axes, *source, *options, *(f"--quantity={name}" for name in names)]


def run(command, *given, patience=None):
    """Run a command, kill it after a while if that is asked for, and tell."""
    line = [sys.executable, "-m", "critdamp", command, *given, "--quiet"]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as process:
        if patience is not None:
            time.sleep(patience)
            process.send_signal(signal.SIGKILL)
        said = process.communicate()[1]
    assert process.returncode in (0, -signal.SIGKILL), said
    return process.returncode == -signal.SIGKILL


def test_soak(tmp_path, bits, counts):
    rng = random.Random(int(os.environ.get("CRITDAMP_TEST_SEED", "1")))
    ends, sweeps, kills = time.monotonic() + SECONDS, 0, 0
    while time.monotonic() < ends or not sweeps:
        given = arguments(rng)
        whole, path = (tmp_path / f"{name}-{sweeps}.h5" for name in ("whole", "run"))
        began = time.monotonic()
        run("sweep", *given, "-o", str(whole))
        lasts = time.monotonic() - began
        for _ in range(rng.randint(0, 4)):
            if path.exists():
                break
            begun = RunFolder(path).begun
            what = (
                ("resume", str(path)) if begun else ("sweep", *given, "-o", str(path))
            )
            kills += run(*what, patience=rng.uniform(0.3, 1.1) * lasts)
        if not path.exists() or RunFolder(path).begun:
            begun = RunFolder(path).begun
            run(
                *(
                    ("resume", str(path))
                    if begun
                    else ("sweep", *given, "-o", str(path))
                )
            )
        assert bits(path) == bits(whole), given
        assert not RunFolder(path).folder.exists() or not any(
            RunFolder(path).folder.iterdir()
        )
        cd.open_run(path).close()
        whole.unlink()
        path.unlink()
        sweeps += 1
    counts("sweeps of the soak, all with the same bits", sweeps)
    counts("kills of the soak", kills)
