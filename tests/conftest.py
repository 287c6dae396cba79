"""Small sweeps, and what tells whether two files hold the same bits."""

import subprocess
import sys

import h5py
import pytest
import small


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
