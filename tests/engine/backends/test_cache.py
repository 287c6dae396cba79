"""The cache of compiled kernels: kept, private, and harmless when it is damaged."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from critdamp.engine.backends import cache, kernel_files
from critdamp.engine.errors import CritdampWarning

CODE = (
    "import critdamp as cd; from critdamp.engine.backends import cache as k; "
    "assert cd.spectral_radius(0.25, 0.25, 1) == 0.5; print(k.cache_dir())"
)


def folder(cache):
    """Return where a process with this cache keeps its kernels, after using one."""
    command = [sys.executable, "-c", CODE]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    result = subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    )
    assert result.stderr == ""
    return Path(result.stdout.strip())


def test_kernels_are_kept(tmp_path):
    found = folder(tmp_path)
    files = {file: file.stat().st_mtime_ns for file in found.glob("*.kernel")}
    assert tmp_path in found.parents
    assert files
    assert found.stat().st_mode & 0o077 == 0
    assert folder(tmp_path) == found
    assert {f: f.stat().st_mtime_ns for f in found.glob("*.kernel")} == files


def twice(x):
    """Return a number that wrong code would change."""
    return 2 * x


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """Return what compiles `twice` as a new process does, and says if from a file."""
    monkeypatch.setattr(kernel_files, "cache_dir", lambda: tmp_path)

    def make():
        dispatcher = numba.njit(twice)
        kernel_files.keep(dispatcher, "_cache")
        assert dispatcher(21) == 42
        return sum(dispatcher.stats.cache_hits.values())

    return make


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: bytes(len(data)),
        lambda data: data[: len(data) // 2],
        lambda data: data[::-1],
        lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
        lambda data: bytes([data[0] ^ 1]) + data[1:],
    ],
    ids=["empty", "zeros", "cut", "garbage", "bit of the code", "bit of the checksum"],
)
def test_a_damaged_file_is_made_again(tmp_path, compiled, damage):
    assert (compiled(), compiled()) == (0, 1)
    (file,) = tmp_path.glob("*.kernel")
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert (compiled(), compiled()) == (0, 1)
    assert [*tmp_path.glob("*.kernel")] == [file]


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    files = kernel_files.KernelFiles(tmp_path / "name")
    files.save("one", 1)
    (file,) = tmp_path.glob("*.kernel")
    os.truncate(file, 2**29)
    assert files.load("one") is None
    assert not file.exists()


def test_a_file_of_another_function_is_not_used(tmp_path):
    files = kernel_files.KernelFiles(tmp_path / "name")
    files.save("one", 1)
    (file,) = tmp_path.glob("*.kernel")
    file.rename(files._path("two"))
    assert files.load("two") is None
    files.save("two", 2)
    assert files.load("two") == 2
    files.flush()
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EACCES])
def test_a_disk_that_takes_nothing_is_one_warning(compiled, monkeypatch, code):
    def refuse(*_, **__):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(kernel_files.tempfile, "mkstemp", refuse)
    with pytest.warns(CritdampWarning, match=os.strerror(code)):
        assert compiled() == 0


def test_a_folder_that_others_may_write_is_not_used(tmp_path):
    found = folder(tmp_path)
    found.chmod(0o777)
    assert tmp_path not in folder(tmp_path).parents


def test_every_source_of_the_engine_decides_the_folder():
    """A kernel that was compiled before an edit anywhere in the engine is not used."""
    engine = Path(cache.__file__).parents[1]
    names = [name for name, _ in cache.sources()]
    assert names == sorted(
        {p.relative_to(engine).as_posix() for p in engine.rglob("*.py")}
    )
    for room in ("arithmetic", "modes", "quantities", "backends", "simulation", "maps"):
        assert any(name.startswith(f"{room}/") for name in names)


@pytest.mark.parametrize("name", ["errors.py", "modes/methods.py", "maps/plan.py"])
def test_an_edit_of_a_source_changes_the_folder(tmp_path, monkeypatch, name):
    before = [*cache.sources()]
    changed = [(n, t + b"#" if n == name else t) for n, t in before]
    assert changed != before
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    folders = set()
    for sources in (before, changed, before):
        monkeypatch.setattr(cache, "sources", lambda sources=sources: iter(sources))
        folders.add(cache.cache_dir.__wrapped__())
    assert len(folders) == 2
