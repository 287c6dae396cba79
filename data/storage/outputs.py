"""Checks of an output file, before anything is computed for it."""

import errno
import os
from pathlib import Path

from critdamp.engine.errors import Advice, InputError, OutputExistsError

from .os_errors import failures


def check_output(output: Path | None, force: bool = True) -> None:
    """Check that an output file can be written.

    Parameters
    ----------
    output : path of the file, None if there is none
    force : whether an existing file may be replaced

    Raises
    ------
    InputError
        The path exists and is no regular file.
    OutputExistsError
        The file exists, and `force` is False.
    FileError
        The folder does not exist, or writing there is not allowed.
    """
    if output is None:
        return
    with failures(output, "write"):
        folder = output.parent.resolve(strict=True)
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "")
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, "")
    if output.exists() and not output.is_file():
        raise InputError(f"{output}: not a regular file; give another path")
    if output.exists() and not force:
        raise OutputExistsError(
            f"{output}: exists", advice=Advice("force", True, "replaces it")
        )
