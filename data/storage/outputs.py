"""Checks of an output file, before anything is computed or written for it."""

import errno
import os
import resource
import shutil
from pathlib import Path

from critdamp.engine.errors import Advice, FileError, InputError, OutputExistsError

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


def check_space(output: Path, nbytes: float) -> None:
    """Raise a FileError if a file of some size exceeds the disk, or the limit of files.

    Parameters
    ----------
    output : path of the file, in a folder that exists
    nbytes : about how many bytes it will have
    """
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    places = {"are free on the disk": shutil.disk_usage(output.parent).free}
    if limit != resource.RLIM_INFINITY:
        places["is the limit for a file (ulimit -f)"] = limit
    for meaning, available in places.items():
        if nbytes > available:
            raise FileError(
                f"{output}: needs about {nbytes / 1e6:,.0f} MB, {available / 1e6:,.0f} "
                f"MB {meaning}; make room, or export fewer quantities"
            )
