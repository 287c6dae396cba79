"""Small sweeps, the command line, and what compares two files bit by bit."""

import subprocess
import sys
from dataclasses import dataclass

import h5py
import pytest
import small

from critdamp.cli import main


@pytest.fixture
def plan(monkeypatch):
    """Return a small plan of many tiles and shards."""
    for module, name, value in small.SETTINGS:
        monkeypatch.setattr(module, name, value)
    return small.small_plan()


@pytest.fixture
def child():
    """Return what starts a sweep or its resumption in a process that is ready."""
    started = []

    def start(*arguments):
        command = [sys.executable, small.__file__, *map(str, arguments)]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        process = subprocess.Popen(command, text=True, **pipes)
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def bits():
    """Return what reads every dataset of a file as bytes."""

    def read(path):
        found = {}

        def add(name, item):
            # of bytes as they are packed, which isal may do in more ways than one
            if isinstance(item, h5py.Dataset) and not name.startswith("checksums/"):
                value = item[()]
                found[name] = value if isinstance(value, bytes) else value.tobytes()

        with h5py.File(path, "r") as file:
            file.visititems(add)
        return found

    return read


@pytest.fixture(scope="session")
def stop_after():
    """Return what makes a `stop` that says yes from its n-th question on."""

    def make(count):
        asked = iter(range(1, 10**9))
        return lambda: next(asked) >= count

    return make


@dataclass(frozen=True)
class Result:
    """What a command left behind: exit status, stdout and stderr."""

    code: int
    out: str
    err: str


@pytest.fixture
def critdamp(monkeypatch, capsys, tmp_path):
    """Return what runs a command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["critdamp", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return Result(ended.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def started(tmp_path):
    """Return what starts a command in a process of its own."""
    processes = []

    def start(*arguments):
        command = [sys.executable, "-m", "critdamp", *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(command, cwd=tmp_path, text=True, **pipes)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()
