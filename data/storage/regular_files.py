"""Regular files: what else a path may lead to is refused before it can hang."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from critdamp.engine.errors import FileError


class NotRegularError(FileError):
    """A path leads to a folder, a FIFO, a device or a socket."""


def open_regular(path: Path) -> int:
    """Return the descriptor of a regular file, opened for reading; links are followed.

    Raises
    ------
    NotRegularError
        The path leads to something else, which is not waited for.
    OSError
        There is no such file, or the system refuses to open it.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    is_folder = stat.S_ISDIR(mode)
    what = "a folder, not a file" if is_folder else "not a regular file"
    raise NotRegularError(f"{path}: {what}")


def check_regular(path: Path) -> None:
    """Raise as `open_regular` does if a path leads to no regular file."""
    os.close(open_regular(path))
