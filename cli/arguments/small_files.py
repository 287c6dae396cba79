"""Reads of small files that a user names: plans, and records of measurements."""

from __future__ import annotations

import os
from pathlib import Path

from critdamp.data.storage.regular_files import open_regular
from critdamp.engine.errors import InputError

# a plan with a list of 10⁶ values has 20 MB
_MOST_BYTES = 64_000_000
# what the shell opened for this process, as for `sweep <(…)`: someone writes to it
_OPENED = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")


def read_small(file: Path) -> bytes:
    """Return the bytes of a regular file, or of a pipe of the shell, of up to 64 MB.

    Raises
    ------
    FileError
        It is a folder, a FIFO or a device.
    InputError
        It is larger.
    OSError
        It is missing, or the system refuses to read it.
    """
    is_opened = f"{file}".startswith(_OPENED)
    descriptor = os.open(file, os.O_RDONLY) if is_opened else open_regular(file)
    with os.fdopen(descriptor, "rb") as opened:
        data = opened.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise InputError(f"{file}: larger than {_MOST_BYTES // 10**6} MB")
    return data
