"""Messages for errors of the operating system: the cause and what to do."""

import errno
import os
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
    errno.ENOTDIR: "its parent is not a folder; choose another path",
}
# errno values that are not caused by the contents of a damaged file
_SYSTEM_ERRORS = (
    errno.EACCES,
    errno.EAGAIN,
    errno.EBUSY,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.EPERM,
    errno.ESTALE,
)
_READ_CAUSES = {
    errno.EACCES: "reading it is not allowed",
    errno.EPERM: "reading it is not allowed",
    errno.ENOENT: "no such file",
}


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
        text = "; ".join(filter(None, [cause, ending(getattr(error, "errno", 0) or 0)]))
        raise FileError(f"{path}: cannot {doing} it: {text}") from error


def system_error(error: BaseException, doing: str) -> str:
    """Return the cause of an OSError and what to do, empty without an errno."""
    code = getattr(error, "errno", None) or 0
    causes = _CAUSES | (_READ_CAUSES if doing == "read" else {})
    return causes.get(code, os.strerror(code)) if code else ""


def refusal(error: BaseException) -> str:
    """Return why the system refused a read, empty if the contents may be the cause."""
    refused = getattr(error, "errno", None) in _SYSTEM_ERRORS
    return system_error(error, "read") if refused else ""
