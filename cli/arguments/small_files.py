"""Reads of small files that a user names: plans, and records of measurements."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from critdamp.engine.errors import InputError

# a plan with a list of 10⁶ values has 20 MB
_MOST_BYTES = 64_000_000


def read_small(file: Path) -> bytes:
    """Return the bytes of a regular file of up to 64 MB.

    Raises
    ------
    InputError
        It is a FIFO or a device, or larger.
    OSError
        It is missing, a folder, or the system refuses to read it.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO would wait
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InputError(f"{file}: not a regular file")
        data = opened.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise InputError(f"{file}: larger than {_MOST_BYTES // 10**6} MB")
    return data
