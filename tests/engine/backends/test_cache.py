"""The cache of compiled kernels: kept, private, and no harm when it is damaged."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from critdamp.engine.backends import cache

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


def test_kernels_are_kept_and_survive_emptied_files(tmp_path):
    found = folder(tmp_path)
    files = sorted(found.rglob("*.nb?"))
    assert tmp_path in found.parents
    assert files
    assert found.stat().st_mode & 0o077 == 0
    for file in files:
        file.write_bytes(b"")
    assert folder(tmp_path) == found
    assert all(file.stat().st_size for file in found.rglob("*.nb?"))


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
