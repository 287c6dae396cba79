"""Where compiled kernels are kept: a folder of ours, named by what made them."""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numba


@functools.cache
def cache_dir() -> Path:
    """Return the folder of compiled kernels, named by the hash of these sources."""
    digest = hashlib.sha256(numba.__version__.encode())
    for name, text in sources():
        digest.update(f"{name}\n{len(text)}\n".encode() + text)
    named = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    # RuntimeError: this user has no home
    with contextlib.suppress(OSError, RuntimeError):
        base = Path(named) if named else Path.home() / ".cache"
        path = base / "critdamp" / digest.hexdigest()[:16]
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.access(path, os.W_OK) and _is_ours(path):
            _drop_empty(path)
            return path
    mine = tempfile.mkdtemp(prefix="critdamp-")
    atexit.register(shutil.rmtree, mine, ignore_errors=True)
    return Path(mine)


def sources() -> Iterator[tuple[str, bytes]]:
    """Yield the name and the text of each source of the engine, in a fixed order.

    Numba itself looks only at the file of a kernel's outermost function.
    """
    engine = Path(__file__).parents[1]
    for path in sorted(engine.rglob("*.py")):
        yield path.relative_to(engine).as_posix(), path.read_bytes()


def _drop_empty(path: Path) -> None:
    """Remove what a power cut left empty, which Numba would fail to read."""
    for pattern in ("*.nbi", "*.nbc"):
        for file in path.rglob(pattern):
            if not file.stat().st_size:
                file.unlink()


def _is_ours(path: Path) -> bool:
    """Tell whether nobody else could have put a kernel there: loading one runs it."""
    known = path.stat()
    return known.st_uid == os.getuid() and not known.st_mode & 0o022


@contextlib.contextmanager
def caching() -> Iterator[None]:
    """Let Numba cache in our folder, and leave other people's kernels alone."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_dir())
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before
