"""The streams of the process, stdout and stderr, set up for any text."""

from __future__ import annotations

import os
import sys
from io import BufferedWriter, FileIO, StringIO, TextIOWrapper
from typing import Any


class _Messages(FileIO):
    """Stderr: a message that cannot be written does not make a command fail."""

    def write(self, data: Any) -> int:
        """Write bytes, or count them as written."""
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError:
            return memoryview(data).nbytes


def prepare() -> None:
    """Set up stdout and stderr: any text can be written, and a full stderr is none."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:  # closed by the parent; an output file must not take its place
            os.open(os.devnull, os.O_RDWR)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.stdout = sys.stdout or StringIO()
    sys.stderr = sys.stderr or StringIO()
    if isinstance(sys.stderr, TextIOWrapper):
        sys.stderr = TextIOWrapper(
            BufferedWriter(_Messages(2, "w", closefd=False)),
            sys.stderr.encoding,
            "backslashreplace",
            line_buffering=True,
        )
