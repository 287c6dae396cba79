"""Regular files: what else a path may lead to is refused before it can hang."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from critdamp.engine.errors import FileError


class NotRegularError(FileError):
    """A path leads to a folder, a FIFO, a device or a socket, or is a link."""


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


def read_own(path: Path, most: int) -> bytes:
    """Return the contents of a regular file that is no link.

    Raises
    ------
    NotRegularError
        It is a link, or no regular file.
    FileError
        It has more bytes than `most`.
    OSError
        It cannot be read.
    """
    refuse_irregular(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)  # it may be another file by now
        _refuse_irregular(path, status.st_mode)
        if status.st_size > most:
            raise FileError(f"{path}: has more than {most} bytes; move it away")
        return file.read(status.st_size)


def refuse_irregular(path: Path) -> None:
    """Check that a file of critdamp is a regular one, and no link.

    Raises
    ------
    NotRegularError
        It is something else.
    FileNotFoundError
        No file is there.
    """
    _refuse_irregular(path, path.lstat().st_mode)


def _refuse_irregular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        what = "a link" if stat.S_ISLNK(mode) else "not a regular file"
        raise NotRegularError(f"{path}: {what}; move it away")
