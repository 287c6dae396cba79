"""Checks of output files."""

from __future__ import annotations

from pathlib import Path

from critdamp.data.storage.os_errors import failures
from critdamp.engine.errors import InputError, OutputExistsError


def check_output(output: Path | None, force: bool) -> None:
    """Check that an output file can be written, before anything is computed.

    Raises
    ------
    InputError
        The path exists and is no regular file.
    OutputExistsError
        The file exists, and `force` is False.
    FileError
        The folder does not exist.
    """
    if output is None:
        return
    with failures(output, "write"):
        output.parent.resolve(strict=True)
    if output.exists() and not output.is_file():
        raise InputError(f"{output}: not a regular file; give another path")
    if output.exists() and not force:
        raise OutputExistsError(f"{output}: exists; --force replaces it")
