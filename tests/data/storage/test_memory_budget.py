"""What a reader may take: half of what is free, and no more than a file can say."""

import shutil
import subprocess
import sys
from pathlib import Path

import bombs
import numpy as np
import pytest
import seeds

from critdamp.data.exports.export import export
from critdamp.data.inputs.read_spectrum import read_spectrum
from critdamp.data.shards.folder import RunFolder
from critdamp.data.storage import free_memory, memory_budget
from critdamp.data.storage.memory_budget import Budget, TooLargeError, allowing
from critdamp.data.storage.outputs import check_space
from critdamp.data.sweeps.sweep import sweep
from critdamp.engine.errors import FileError, InputError
from critdamp.engine.maps.axis import Axis
from critdamp.engine.maps.plan import Plan


def test_as_much_as_the_user_allows(tmp_path, monkeypatch):
    """The option replaces both limits, by more and by less."""
    monkeypatch.setattr(memory_budget, "FLOOR", 2**25)
    bombs.hdf5(tmp_path / "k.h5", 2**26)
    with pytest.raises(TooLargeError, match=r"68\.2 MB .*33\.6 MB are allowed for a"):
        read_spectrum(tmp_path / "k.h5")
    assert len(read_spectrum(tmp_path / "k.h5", max_memory="69MB")) == 2**23
    np.save(tmp_path / "k.npy", np.ones(2**22))
    assert len(read_spectrum(tmp_path / "k.npy")) == 2**22
    with pytest.raises(TooLargeError, match=r"33\.6 MB .* 30 MB are allowed; max_mem"):
        read_spectrum(tmp_path / "k.npy", max_memory=3e7)


def test_no_more_than_half_of_what_is_free(tmp_path, monkeypatch):
    np.save(tmp_path / "k.npy", np.ones(2**22))
    monkeypatch.setattr(memory_budget, "free_memory", lambda: 6e7)
    with pytest.raises(
        TooLargeError, match=r"33\.6 MB .* 30 MB .*half of what is free"
    ):
        read_spectrum(tmp_path / "k.npy")


@pytest.mark.parametrize(
    ("text", "nbytes"),
    [
        ("4GB", 4e9), ("500 MB", 5e8), ("1e9", 1e9), ("2GiB", 2**31), ("64k", 64e3),
        ("1.5t", 1.5e12), ("2mib", 2**21), (10**9, 1e9), (2.5e9, 2.5e9), ("0", 0),
    ],
)  # fmt: skip
def test_sizes(tmp_path, text, nbytes):
    with allowing(text):
        assert Budget(tmp_path).nbytes == nbytes


@pytest.mark.parametrize(
    "text", ["", "GB", "-1", "4 gigs", "nan", "1e", "4GB 1", "\uff11"]
)
def test_what_is_no_size(text):
    with pytest.raises(InputError, match=r"max_memory: .* write 4GB, 500MB or 1e9"):
        read_spectrum("digits-softmax", max_memory=text)


def test_the_option_is_named(critdamp, tmp_path):
    np.save(tmp_path / "k.npy", np.ones(2**22))
    given = ("--max-memory", "20MB")
    for command in (
        ("spectrum", "k.npy"),
        ("verify", "k.npy", "--eps", "1", "--p", "0"),
        ("sweep", "--k", "1", "--eps", "@k.npy", "--p", "0", "-o", "r.h5"),
        ("integrate", "digits-softmax", "--eps", "@k.npy"),
    ):
        done = critdamp(*command, *given)
        assert done.code == 1
        assert done.err.endswith("20 MB are allowed; --max-memory 34MB allows it\n")
    for command in ("spectrum", "inspect", "verify"):
        done = critdamp(command, "k.npy", "--max-memory", "much")
        assert (done.code, done.err[:32]) == (2, "Error: --max-memory: 'much' is n")


def test_control_groups(tmp_path, monkeypatch):
    """Version 1 and 2, and the groups above; /proc is made up."""
    proc, groups = tmp_path / "proc", tmp_path / "cgroup"
    monkeypatch.setattr(free_memory, "_PROC", proc)
    monkeypatch.setattr(free_memory, "_CGROUPS", groups)
    machine = free_memory.free_memory()
    assert machine > 2**28  # without /proc: all that the machine has
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text("MemFree: 1 kB\nMemAvailable: 8000000 kB\n")
    (proc / "self/statm").write_text("0 0 0 0 0 0 0\n")
    (proc / "self/cgroup").write_text("4:cpu,memory:/a/b\n3:cpu:/\n0::/c\n")
    assert free_memory.free_memory() == 8_192_000_000
    for folder, texts in {
        "memory/a": ("memory.limit_in_bytes 7000000000", "memory.usage_in_bytes 5"),
        "memory/a/b": ("memory.limit_in_bytes 9e18", "memory.usage_in_bytes 5"),
        "c": ("memory.max max", "memory.current 5"),
    }.items():
        (groups / folder).mkdir(parents=True)
        for name, text in map(str.split, texts):
            (groups / folder / name).write_text(f"{text}\n")
    assert free_memory.free_memory() == 7e9 - 5
    (groups / "memory.max").write_text("6000000000\n")
    (groups / "memory.current").write_text("3000000000\n")
    (groups / "memory.stat").write_text(
        "active_file 400000000\ninactive_file 600000000\n"
    )
    assert free_memory.free_memory() == 4e9


@pytest.mark.skipif(sys.platform != "linux", reason="what is taken is told by Linux")
def test_ulimit():
    """What a process has taken is taken from its limit."""
    code = (
        "import resource; from critdamp.data.storage.free_memory import free_memory; "
        "resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30)); a = free_memory(); "
        "held = bytearray(2**28); print(a, free_memory())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    before, after = map(float, done.stdout.split())
    assert before < 2**30
    assert 2**27 < before - after < 2**29


def test_a_disk_that_tells_no_size_has_room(monkeypatch):
    usage = type(shutil.disk_usage("/"))
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage(0, 0, 0))
    check_space(Path("x.csv"), 1e15)


@pytest.fixture
def little_disk(monkeypatch):
    """Let disks have 50 MB when this is called."""
    usage = type(shutil.disk_usage("/"))
    return lambda: monkeypatch.setattr(
        "shutil.disk_usage", lambda _path: usage(10**9, 95 * 10**7, 5 * 10**7)
    )


def test_an_export_of_points_that_are_not_stored(tmp_path, stop_after, little_disk):
    """A live view of 10⁵ × 10⁵ points, in 6 MB; each format would take far more."""
    path, target = tmp_path / "run.h5", tmp_path / "run.csv"
    plan = Plan(eps=Axis.lin(0.001, 1, 10**5), p=Axis.lin(0, 0.9, 10**5), k=[1.0])
    sweep(plan, path, stop=stop_after(1), force=True)
    little_disk()
    for ending in (".csv", ".npz", ".nc"):
        target = target.with_suffix(ending)
        target.write_text("kept")
        with pytest.raises(
            FileError, match=r"needs about .* MB, 50 MB are free on the"
        ):
            export(RunFolder(path).live, target)
        assert target.read_text() == "kept"


def test_an_export_above_the_limit_of_files(tmp_path, monkeypatch):
    path = tmp_path / "run.h5"
    path.write_bytes(seeds.of("run")[0])
    monkeypatch.setattr("resource.getrlimit", lambda _which: (100, 100))
    with pytest.raises(FileError, match=r"is the limit for a file \(ulimit -f\)"):
        export(path, tmp_path / "run.npz")
