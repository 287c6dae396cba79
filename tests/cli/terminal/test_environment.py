"""Odd environments: one line, the right exit status, and nothing that was not asked."""

import importlib.util
import os
import resource
import subprocess
import sys
from pathlib import Path

import effort
import pytest

import critdamp as cd
from critdamp.cli import program

SMALL = ("--eps", "0.1,0.2", "--p", "0.5", "--k", "1")
GRID = ("--eps", "lin:0:1:300", "--p", "lin:0:0.9:300", "--k", "1,2")
POINT = ("--eps", "0.1", "--p", "0.5", "--steps", "10")
COMMANDS = {
    "info": (),
    "sweep": (*GRID, "-o", "x.h5", "--force"),
    "integrate": ("digits-softmax", *POINT),
    "verify": ("--problem", "breast-cancer-softmax", *POINT),
    "spectrum": ("digits-softmax",),
    "inspect": ("run.h5",),
    "export": ("run.h5", "-o", "x.csv", "--force"),
    "status": ("run.h5",),
}


def slow(*values):
    """Return a parameter that is left to `make test-all`."""
    return pytest.param(*values, marks=pytest.mark.slow)


HAS_TBB = importlib.util.find_spec("tbb") is not None


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a run."""
    path = tmp_path_factory.mktemp("environment")
    cd.sweep(cd.Plan(eps=[0.1, 0.2], p=0.5, k=1.0), path / "run.h5").close()
    return path


def run(folder, *arguments, env=(), limit=None, redirected=""):
    """Run a command in a process of its own, maybe with little address space."""

    def prepare():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    shell = ["sh", "-c", f'"$@" {redirected}', "sh"] if redirected else []
    return subprocess.run(
        [*shell, sys.executable, "-m", "critdamp", *map(str, arguments)],
        cwd=folder,
        env=os.environ | dict(env),
        preexec_fn=prepare,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("name", "value", "code", "said"),
    [
        ("NUMBA_NUM_THREADS", "0", 1, "NUMBA_NUM_THREADS = 0"),
        ("NUMBA_NUM_THREADS", "x", 0, "'NUMBA_NUM_THREADS'"),
        ("NUMBA_NUM_THREADS", "100000", 2, "up to 4096 are allowed"),
        ("NUMBA_THREADING_LAYER", "none", 2, "NUMBA_THREADING_LAYER = none"),
        pytest.param(
            "NUMBA_THREADING_LAYER", "tbb", 2, "NUMBA_THREADING_LAYER = tbb",
            marks=pytest.mark.skipif(HAS_TBB, reason="tbb is installed"),
        ),
        ("NUMBA_DISABLE_JIT", "1", 2, "NUMBA_DISABLE_JIT is set"),
    ],
)  # fmt: skip
def test_settings_of_numba_are_refused_in_one_line(folder, name, value, code, said):
    names = COMMANDS if effort.number("ENVIRONMENT", 1, 9) > 1 else ["info"]
    for command in names:
        done = run(folder, command, *COMMANDS[command], env={name: value})
        # some commands run no kernel
        assert done.returncode in ((code,) if command == "info" else (0, code))
        assert "Traceback" not in done.stderr
        if command == "info":
            assert done.stderr.count("\n") == 1
            assert said in done.stderr


@pytest.mark.parametrize("name", ["FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"])
def test_a_file_has_no_colours(critdamp, folder, monkeypatch, name):
    monkeypatch.setenv(name, "1")
    for command in ("inspect", "status"):
        shown = critdamp(command, folder / "run.h5")
        assert shown.code == 0
        assert "\x1b" not in shown.out + shown.err
    assert "\x1b" not in critdamp("info").out + critdamp("sweep", "--eps").err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(
    ("command", "redirected", "code"),
    [
        ("sweep", "2>/dev/full", 0),
        ("inspect", ">/dev/full", 1),
        slow("export", "2>/dev/full", 0),
        slow("status", "2>/dev/full", 0),
        slow("sweep", ">/dev/full 2>/dev/full", 0),  # it has no output
        slow("status", ">/dev/full", 1),
    ],
)
def test_the_exit_status_is_that_of_the_work(folder, command, redirected, code):
    done = run(folder, command, *COMMANDS[command], redirected=redirected)
    assert done.returncode == code, done.stderr
    said = "Error: No space left on device\n"
    assert done.stderr == (said if code else "")


def test_a_home_that_does_not_exist_is_not_made(folder, tmp_path):
    home = {"HOME": str(tmp_path / "none")}
    env = {k: v for k, v in os.environ.items() if k not in ("XDG_CACHE_HOME",)}
    env.pop("NUMBA_CACHE_DIR", None)
    program = "import critdamp.engine.backends.cache as c; print(c.cache_dir())"
    made = subprocess.run(
        [sys.executable, "-c", program],
        env=env | home,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not Path(home["HOME"]).exists()
    assert not Path(made.stdout.strip()).exists()  # a temporary one, which is gone


def test_little_address_space_is_told_in_one_line(folder, counts):
    """With less LLVM ends the process, and OpenBLAS waits for ever."""
    most = effort.number("ADDRESS_SPACES", 2, 18)
    limits = [500, 1000] if most == 2 else range(300, 300 + 100 * most, 100)
    names = ["sweep"] if most == 2 else COMMANDS
    refused = 0
    for limit in limits:
        for command in names:
            done = run(folder, command, *COMMANDS[command], limit=limit * 10**6)
            what = (limit, command, done.returncode, done.stderr)
            assert done.returncode in (0, 1), what
            if done.returncode:
                refused += 1
                assert done.stderr.count("\n") <= 2, what
                assert "not enough memory" in done.stderr.splitlines()[-1], what
    assert done.returncode == 0, what
    counts("commands in little address space: refused in one line", refused)
    counts("commands in little address space: done", len(names) * len(limits) - refused)


def test_plans_that_are_no_files(critdamp, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("fifo")
    (tmp_path / "text").write_bytes(b"\xff\xfe")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(10**10)
    for name, said in {
        "fifo": "not a regular file",
        "link": "not a regular file",
        "/dev/zero": "not a regular file",
        "text": "not a TOML file",
        "large": "larger than 64 MB",
        ".": "a folder, not a file",
    }.items():
        for command in (["sweep", name, "-o", "x.h5"], ["resume", "x", "--plan", name]):
            result = critdamp(*command)
            assert result.code in (1, 2)
            assert (said in result.err, result.err.count("\n")) == (True, 1)
    result = critdamp("bench", "--compare", "fifo")
    assert result.err == "Error: fifo: not a regular file\n"


def test_a_plan_comes_through_a_pipe_of_the_shell(critdamp):
    read, write = os.pipe()
    os.write(write, b'eps = "0.1,0.2"\np = "0.5"\nk = "1"\n')
    os.close(write)
    assert critdamp("sweep", f"/dev/fd/{read}", "-o", "run.h5", "--quiet").code == 0
    os.close(read)
    with cd.open_run("run.h5") as run:
        assert run.axes["eps"].values.tolist() == [0.1, 0.2]


@pytest.mark.parametrize(
    ("given", "threads"),
    [({"OPENBLAS_NUM_THREADS": "3"}, 3), ({"OMP_NUM_THREADS": "4,2"}, 4)],
)
def test_threads_of_openblas(monkeypatch, given, threads):
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert program._blas_threads() == len(os.sched_getaffinity(0))
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert program._blas_threads() == threads


CLOSED = """
import os, sys
from critdamp.cli.commands import resume, status, sweep  # before the user changes
from critdamp.cli.program import run
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
sys.argv = ["critdamp", *sys.argv[1:]]
sys.exit(run())
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ("sweep", *SMALL, "-o", "link.h5"),
        slow(("status", "closed/run.h5")),
        slow(("status", "link.h5")),
        slow(("resume", "link.h5")),
    ],
)
def test_a_closed_folder_is_not_called_a_broken_link(tmp_path, arguments):
    closed = tmp_path / "closed"
    closed.mkdir()
    (tmp_path / "link.h5").symlink_to("closed/run.h5")
    closed.chmod(0o000)
    for path in (tmp_path, *list(tmp_path.parents)[:2]):
        path.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", CLOSED, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    closed.chmod(0o755)
    if "PermissionError" in done.stderr and "Traceback" in done.stderr:
        pytest.skip("another user cannot run Python here")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "reading it is not allowed" in done.stderr


def test_a_dry_run_of_any_size_is_bounded(critdamp):
    ten = "10000000"
    axes = ("--eps", f"lin:0:1:{ten}", "--p", f"lin:0:0.9:{ten}", "-o", "x.h5")
    refused = critdamp("sweep", *axes, "--k", f"lin:1:2:{ten}", "--dry-run")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "1e+21 points; a grid has up to 9.22e+18" in refused.err
    shown = critdamp("sweep", *axes, "--k", "lin:1:2:90000", "--dry-run")
    assert shown.code == 0
    assert "9,000,000,000,000,000,000 points" in shown.out
