"""Files that commands write."""

from __future__ import annotations

from pathlib import Path

from critdamp.data.storage.os_errors import failures
from critdamp.engine.errors import InputError, OutputExistsError


def check_output(output: Path | None, force: bool) -> None:
    """Refuse what cannot be written before anything is computed.

    Raises
    ------
    InputError
        Something else than a file is there, or a file, without force.
    FileError
        The folder does not exist.
    """
    if output is None:
        return
    with failures(output, "write"):
        output.parent.resolve(strict=True)
    if output.exists() and not output.is_file():
        raise InputError(f"{output}: no regular file")
    if output.exists() and not force:
        raise OutputExistsError(f"{output}: exists; --force replaces it")
