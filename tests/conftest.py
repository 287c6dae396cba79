"""Small sweeps, the command line, and what compares two files bit by bit."""

import itertools
import os
import subprocess
import sys
from dataclasses import dataclass

import h5py
import hypothesis
import pytest
import small

from critdamp.cli.program import run as run_command

# a kernel is compiled in the first example that needs it
hypothesis.settings.register_profile("critdamp", deadline=None)
hypothesis.settings.load_profile("critdamp")

# whose kernels `make test` does not compile one by one
LEFT_TO_TEST_ALL = {"gradient_descent", "nesterov", "qhm"}


def pytest_collection_modifyitems(items):
    """Mark tests by what they are, and those that are left to `make test-all`."""
    for item in items:
        if item.name.startswith("test_golden"):
            item.add_marker("golden")
        if getattr(item.obj, "is_hypothesis_test", False):
            item.add_marker("property")
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        names = parameters.get("method"), parameters.get("name")
        if any(isinstance(one, str) and one in LEFT_TO_TEST_ALL for one in names):
            item.add_marker("slow")


def pytest_terminal_summary(terminalreporter):
    """Print what tests have counted, behind the progress line."""
    found = {}
    for report in itertools.chain(*terminalreporter.stats.values()):
        for name, value in getattr(report, "user_properties", ()):
            if report.when == "teardown" and name.startswith("counts "):
                found.setdefault(name.removeprefix("counts "), []).append(value)
    for what, values in found.items():
        whole = all(isinstance(value, int) for value in values)
        text = f"{sum(values):,}" if whole else "; ".join(values)
        terminalreporter.write_line(f"{what}: {text}")


@pytest.fixture
def counts(record_property):
    """Return what takes a number, or a text, for the end of the report.

    Numbers under one name are added up, texts are listed.
    """
    return lambda what, value: record_property(f"counts {what}", value)


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
        for stream in (sys.stdout, sys.stderr):  # as those of the program
            stream.reconfigure(errors="backslashreplace")
        code = run_command()
        return Result(code, *capsys.readouterr())

    return run


@pytest.fixture
def started(tmp_path):
    """Return what starts a command in a process of its own, with some environment."""
    processes = []

    def start(*arguments, env=()):
        command = [sys.executable, "-m", "critdamp", *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        pipes["env"] = os.environ | dict(env)
        process = subprocess.Popen(command, cwd=tmp_path, text=True, **pipes)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()
