"""Messages for errors of the operating system: the cause and what to do."""

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from critdamp.engine.errors import CritdampError, FileError

_CAUSES = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "your quota is used up; free some space",
    errno.EFBIG: "it exceeds the file size limit (see ulimit -f); raise the limit",
    errno.EACCES: "writing is not allowed there; choose another folder",
    errno.EPERM: "writing is not allowed there; choose another folder",
    errno.EAGAIN: "another program has it open; close it there",
    errno.EROFS: "writing is not allowed there; choose another folder",
    errno.EEXIST: "a file has the name of the folder beside it; move the file away",
    errno.ENOENT: "the folder {folder} does not exist; create it first",
    errno.ENOLCK: "the file system cannot lock files; try again later",
    errno.ENOTDIR: "its parent is not a folder; choose another path",
}
# how HDF5 says it in exceptions that have no errno of their own
_ERRNO = re.compile(r"errno = (\d+)")
_READ_CAUSES = {
    errno.EACCES: "reading it is not allowed",
    errno.EPERM: "reading it is not allowed",
    errno.ENOENT: "no such file",
}


class RefusedError(FileError):
    """The system refuses to read a file, which may be intact."""


@contextmanager
def failures(
    path: Path, doing: str, ending: Callable[[int], str] = lambda _code: ""
) -> Iterator[None]:
    """Convert an error of the operating system or of HDF5 to a `FileError`.

    Parameters
    ----------
    path : path that the message names
    doing : "write" or "read"
    ending : errno, or 0 if there is none → end of the message

    Raises
    ------
    FileError
        The block raised an OSError or a RuntimeError, which HDF5 raises as well.
    """
    try:
        yield
    except CritdampError:
        raise
    except (OSError, RuntimeError) as error:
        cause = system_error(error, doing) or str(error)
        cause = cause.replace("{folder}", str(path.parent))
        text = "; ".join(filter(None, [cause, ending(errno_of(error))]))
        raise FileError(f"{path}: cannot {doing} it: {text}") from error


def system_error(error: BaseException, doing: str) -> str:
    """Return the cause that the system names and what to do, empty if it names none."""
    if isinstance(error, MemoryError):
        return "not enough memory"
    code = errno_of(error)
    causes = _CAUSES | (_READ_CAUSES if doing == "read" else {})
    if code and _insists_on_locks(error, code):
        return "HDF5_USE_FILE_LOCKING asks for locks, which fail: set it to FALSE"
    return causes.get(code, os.strerror(code)) if code else ""


def _insists_on_locks(error: BaseException, code: int) -> bool:
    """Return whether HDF5 was told to lock files, and cannot."""
    told = os.environ.get("HDF5_USE_FILE_LOCKING", "").upper() in ("TRUE", "1")
    return told and code != errno.EAGAIN and "lock" in f"{error}"


def errno_of(error: BaseException) -> int:
    """Return the errno of an exception of Python or HDF5, 0 if it has none."""
    found = _ERRNO.search(f"{error}")
    return getattr(error, "errno", None) or int(found[1] if found else 0)


def refuse(path: Path, error: BaseException) -> None:
    """Raise a RefusedError if the system refused a read.

    Where the system refuses, nothing is known of the bytes: they are not damaged.
    """
    if isinstance(error, RefusedError):
        raise error
    if cause := system_error(error, "read"):
        raise RefusedError(f"{path}: cannot read it: {cause}") from error
