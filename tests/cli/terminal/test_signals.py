"""Signals: those of Ctrl-C and of schedulers end each command, and leave nothing."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import effort
import numpy as np
import pytest

import critdamp as cd

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="there is no /proc here"
)
NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU")
POINT = ("--eps", "0.1", "--p", "0.9")
STEPS = ("--steps", "1000000000")
# no power is taken of a schedule: each step is made
SCHEDULE = ("--eps", "cyclic:0.1,0.2", "--p", "0.9", "--steps", "30000000")
# command → arguments, and the files that tell that it works
WORK = {
    "export": (["run.h5", "-o", "out.csv"], "out.csv.*.tmp"),
    "integrate": (
        ["digits-softmax", *SCHEDULE, "--record", "log:5", "-o", "t.h5"],
        "t.h5.*.tmp",
    ),
    "spectrum": (["hessian.npy", "-o", "s.h5"], None),
    "verify": (["hessian.npy", *POINT, *STEPS], None),
    "bench": (["--kernel", "steps", "--save", "b.json"], None),
    "status": (["run.h5", "--check"], None),
}
# Python ends by SIGINT where an interrupt went through its C interface: 130 in a shell
STATUS = (130, -signal.SIGINT)
SIGNALS = effort.number("SIGNALS", 4, 200)


def job(number):
    """Return command and signal of a job; the first ones have all of each."""
    commands, names = list(WORK), len(NAMES)
    return commands[number % len(WORK)], NAMES[(number + number // names) % names]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a run and a matrix that take a while."""
    path = tmp_path_factory.mktemp("signals")
    axes = {"eps": cd.Axis.lin(0, 1, 3000), "p": cd.Axis.lin(0, 0.9, 1000)}
    cd.sweep(cd.Plan(**axes, k=1.0), path / "run.h5").close()
    half = np.random.default_rng(0).normal(size=(2000, 2000))
    np.save(path / "hessian.npy", half + half.T + 200 * np.eye(2000))
    return path


def start(folder, *arguments, ignored=(), program=None):
    """Start a command, or a program, with a parent that ignores some signals."""

    def prepare():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for name in ignored:
            signal.signal(getattr(signal, name), signal.SIG_IGN)

    return subprocess.Popen(
        [
            sys.executable,
            *(["-c", program] if program else ["-m", "critdamp", *arguments]),
        ],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=prepare,
    )


def is_interruptible(process):
    """Return whether a process handles the last of the signals."""
    text = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    handled = int(re.search(r"SigCgt:\s*(\w+)", text)[1], 16)
    return handled >> (signal.SIGXCPU - 1) & 1


def await_work(process, folder, files):
    """Wait until a command handles signals, and has its temporary files."""
    while not (is_interruptible(process) and (not files or any(folder.glob(files)))):
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)


def test_each_command_is_ended_by_each_signal(folder, counts):
    ended = 0
    for number in range(SIGNALS):
        command, name = job(number)
        arguments, files = WORK[command]
        before = sorted(folder.iterdir())
        process = start(folder, command, *arguments)
        await_work(process, folder, files)
        time.sleep(number * 0.618 % 1)
        process.send_signal(getattr(signal, name))
        out, err = process.communicate(timeout=60)
        what = f"{command}, {name}: {err}"
        made = [file for file in folder.iterdir() if file not in before]
        assert not [file for file in made if file.suffix == ".tmp"], what
        for file in made:  # it was finished before
            file.unlink()
        if process.returncode == 0 and command in ("bench", "spectrum", "status"):
            continue
        assert (process.returncode in STATUS, out) == (True, ""), what
        assert err.splitlines()[-1] == "interrupted", what
        assert "Traceback" not in err, what
        assert "Exception" not in err, what
        ended += 1
    counts("commands ended by a signal, without temporary files", ended)
    assert ended > SIGNALS // 2


IN_C = """
import hashlib
from pathlib import Path
from critdamp.cli.terminal.signals import interruptible
from critdamp.data.storage.atomic_files import beside
with interruptible():
    beside(Path("out")).touch()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
"""


IN_A_CALLBACK = """
import ctypes, os, signal, time
from critdamp.cli.terminal.signals import interruptible
with interruptible():
    kill = ctypes.CFUNCTYPE(None)(lambda: os.kill(os.getpid(), signal.SIGTERM))
    kill()
    time.sleep(60)
"""


def test_an_interrupt_that_a_callback_loses_ends_the_process(folder):
    process = start(folder, program=IN_A_CALLBACK)
    out, err = process.communicate(timeout=50)
    assert (process.returncode, out, err) == (130, "", "interrupted\n")


@pytest.mark.parametrize("names", [("SIGTERM",), ("SIGINT", "SIGINT")])
def test_what_does_not_come_back_to_python_is_ended(tmp_path, names):
    """As a kernel of hours: some seconds after a signal, at once by a second Ctrl-C."""
    process = start(tmp_path, program=IN_C)
    await_work(process, tmp_path, "out.*.tmp")
    for name in names:
        time.sleep(0.2)
        process.send_signal(getattr(signal, name))
    assert process.communicate(timeout=60) == ("", "interrupted\n")
    assert process.returncode == 130
    assert not any(tmp_path.iterdir())


def test_what_is_ignored_at_the_start_stays_ignored(folder):
    """As under nohup."""
    process = start(folder, "export", *WORK["export"][0], ignored=["SIGHUP"])
    await_work(process, folder, "out.csv.*.tmp")
    process.send_signal(signal.SIGHUP)
    time.sleep(0.1)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60)[1].endswith("interrupted\n")
    assert process.returncode in STATUS


@pytest.mark.parametrize(
    "name",
    ["SIGXCPU", *(pytest.param(n, marks=pytest.mark.slow) for n in NAMES[2:5])],
)
def test_sweeps_stop_and_can_be_resumed(tmp_path, name):
    grid = ("--eps", "lin:0:1:3000", "--p", "lin:0:0.9:3000", "--k", "lin:1:2:20")
    process = start(tmp_path, "sweep", *grid, "-o", "run.h5")
    await_work(process, tmp_path, "run.h5.parts/shard-*.tmp")
    for _ in range(2):  # only a second Ctrl-C ends at once
        process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, ""), err
    told, end = err.strip().splitlines()
    assert told == "stopping; Ctrl-C again stops at once"
    assert end.endswith("go on with: critdamp resume run.h5")
    assert cd.status(tmp_path / "run.h5").done > 0


def test_early_signals_have_no_traceback(tmp_path, counts):
    """Of what critdamp imports: handlers are set in its first few milliseconds."""
    grid = ("--eps", "lin:0:1:300", "--p", "lin:0:0.9:300", "--k", "1,2")
    children, first = effort.number("EARLY_SIGNALS", 12, 1000), 0
    for number in range(children):
        process = start(tmp_path, "sweep", *grid, "-o", f"{number}.h5")
        time.sleep(number * 0.618 % 1 * 0.4)
        name = ("SIGINT", "SIGINT", *NAMES)[number % 8]
        process.send_signal(getattr(signal, name))
        _, err = process.communicate(timeout=60)
        ends = (0, 130, -getattr(signal, name))
        assert process.returncode in ends or "Traceback" in err, err
        assert not re.search(r"critdamp/(cli/[a-z]|data|engine)", err), err
        first += "Traceback" in err
        assert not any(tmp_path.glob("*.tmp"))
    counts("signals while a command starts, without a traceback", children - first)
    counts("signals while Python starts, with its traceback", first)
    assert first < children / 4
