"""The cache of compiled kernels: kept, private, and no harm when it is damaged."""

import os
import subprocess
import sys
from pathlib import Path

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
