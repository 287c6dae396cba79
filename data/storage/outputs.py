"""Checks of an output file, before anything is computed or written for it."""

import errno
import math
import os
import resource
import shutil
import stat
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
        output = followed(output)
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
    return output


def check_space(output: Path, nbytes: float) -> None:
    """Raise a FileError if a file of some size exceeds the disk, or the limit of files.

    Parameters
    ----------
    output : path of the file, in a folder that exists
    nbytes : about how many bytes it will have
    """
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    places = {"are free on the disk": free_space(output.parent)}
    if limit != resource.RLIM_INFINITY:
        places["is the limit for a file (ulimit -f)"] = limit
    for meaning, available in places.items():
        if nbytes > available:
            raise FileError(
                f"{output}: needs about {nbytes / 1e6:,.0f} MB, {available / 1e6:,.0f} "
                f"MB {meaning}; make room, or export fewer quantities"
            )


def free_space(folder: Path) -> float:
    """Return the bytes that are free on a disk, inf where they are not told."""
    usage = shutil.disk_usage(folder)
    return float(usage.free) if usage.total else math.inf


def followed(path: Path) -> Path:
    """Return a path, or what it leads to if it is a link.

    Raises
    ------
    FileError
        The link is of another user, in a folder that all may write to, as `/tmp`. The
        kernel refuses to follow such links too, but not to read where they lead.
    OSError, RuntimeError
        The link leads nowhere.
    """
    if not path.is_symlink():
        return path
    link, folder = path.lstat(), path.parent.stat()
    shared = stat.S_ISVTX | stat.S_IWOTH
    for_all = folder.st_mode & shared == shared
    if for_all and link.st_uid not in (os.geteuid(), folder.st_uid):
        raise FileError(f"{path}: a link of another user; give another path")
    return path.resolve()
