"""Files of compiled kernels: each with a checksum, and none that is needed."""

from __future__ import annotations

import functools
import hashlib
import os
import pickle
import tempfile
import warnings
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from numba.core.caching import FunctionCache
from numba.core.serialize import dumps

from ..errors import CritdampWarning
from .cache import cache_dir, caching

_DIGEST = hashlib.sha256
# no kernel has as many
_MOST_BYTES = 2**28


class KernelFiles:
    """The compiled forms of one function, one file for each key.

    A file is a checksum, and then the key and the compiled code. So a file that is cut
    off or changed is not run: it is removed, and made again.

    Parameters
    ----------
    stem : path of the files, but for the end of their names
    """

    def __init__(self, stem: Path) -> None:
        self._stem = stem

    def load(self, key: Hashable) -> Any:
        """Return what was saved under a key, None if it is not there or damaged."""
        path = self._path(key)
        try:
            is_small = path.stat().st_size <= _MOST_BYTES
            data = path.read_bytes() if is_small else b""
        except OSError:
            return None
        size = _DIGEST().digest_size
        if _DIGEST(data[size:]).digest() != data[:size]:
            with suppress(OSError):
                path.unlink()
            return None
        stored, value = pickle.loads(data[size:])
        return value if stored == key else None

    def save(self, key: Hashable, value: Any) -> None:
        """Write a value under a key, atomically.

        Raises
        ------
        OSError
            The disk is full, or the folder cannot be written.
        """
        path = self._path(key)
        data = dumps((key, value))
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_DIGEST(data).digest() + data)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def flush(self) -> None:
        """Remove all compiled forms of the function."""
        for path in self._stem.parent.glob(f"{self._stem.name}.*.kernel"):
            path.unlink(missing_ok=True)

    def _path(self, key: Hashable) -> Path:
        digest = _DIGEST(repr(key).encode()).hexdigest()[:16]
        return self._stem.with_name(f"{self._stem.name}.{digest}.kernel")


class KernelCache(FunctionCache):  # type: ignore[misc]
    """Numba's cache of a function, with files that are checked.

    Parameters
    ----------
    function : a function whose module and name no other function of the engine has
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        with caching():
            super().__init__(function)
        name = f"{function.__module__}.{function.__qualname__}".replace("<", "")
        self._cache_file = KernelFiles(cache_dir() / name.replace(">", ""))

    def save_overload(self, sig: Any, data: Any) -> None:
        """Save a compiled form; where that fails it stays in memory, with a warning."""
        with _warnings():
            super().save_overload(sig, data)


def keep(dispatcher: Any, attribute: str) -> None:
    """Let a dispatcher keep what it compiles; where that fails, in memory alone.

    Parameters
    ----------
    dispatcher : of Numba
    attribute : of the dispatcher, which holds its cache
    """
    with _warnings():
        setattr(dispatcher, attribute, KernelCache(dispatcher.py_func))


@contextmanager
def _warnings() -> Iterator[None]:
    """Convert what the system refuses to a warning; Numba raises a RuntimeError too."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        _warn(str(getattr(error, "strerror", None) or error))


@functools.cache
def _warn(cause: str) -> None:
    """Warn of a cause once, not for each kernel."""
    warnings.warn(
        f"compiled kernels cannot be kept ({cause}); each process compiles them again; "
        "set NUMBA_CACHE_DIR to another folder",
        CritdampWarning,
        stacklevel=4,
    )
