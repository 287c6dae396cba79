"""The cache of compiled kernels: a folder named by the hash of the sources."""

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
    """Return the cache folder; a temporary one if no private folder can be written."""
    digest = hashlib.sha256(numba.__version__.encode())
    for name, text in sources():
        digest.update(f"{name}\n{len(text)}\n".encode() + text)
    configured = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    # RuntimeError: the user has no home directory
    with contextlib.suppress(OSError, RuntimeError):
        # a home that does not exist is not made, as root could
        home = Path() if configured else Path.home().resolve(strict=True)
        base = Path(configured) if configured else home / ".cache"
        path = base / "critdamp" / digest.hexdigest()[:16]
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.access(path, os.W_OK) and _is_private(path):
            return path
    temporary = tempfile.mkdtemp(prefix="critdamp-")
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    return Path(temporary)


def sources() -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of each source of the engine, sorted by path.

    All of them are hashed, since Numba checks only the file of the outermost function.
    """
    engine = Path(__file__).parents[1]
    for path in sorted(engine.rglob("*.py")):
        yield path.relative_to(engine).as_posix(), path.read_bytes()


def _is_private(path: Path) -> bool:
    """Return whether only this user can write to a folder: cached kernels are code."""
    status = path.stat()
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


@contextlib.contextmanager
def caching() -> Iterator[None]:
    """Set the cache folder of Numba in the block, and restore it afterwards."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_dir())
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before
