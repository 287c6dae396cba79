"""Checks of an output file, before anything is computed for it."""

import errno
import os
from pathlib import Path

from critdamp.engine.errors import Advice, InputError, OutputExistsError

from .os_errors import failures


def check_output(output: Path, force: bool = True) -> Path:
    """Check that an output file can be written; return it, or what a link leads to.

    Parameters
    ----------
    output : path of the file
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
    with failures(output, "write"):
        output = output.resolve() if output.is_symlink() else output
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
    return output
