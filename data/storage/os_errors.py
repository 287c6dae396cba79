"""Errors of the system in words: what happened, and what to do."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from critdamp.engine.errors import CritdampError, FileError

_CAUSES = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "your quota is used up; free some space",
    errno.EFBIG: "it outgrows the limit for files (see ulimit -f); raise that",
    errno.EACCES: "writing is not allowed there; choose another folder",
    errno.EPERM: "writing is not allowed there; choose another folder",
    errno.EAGAIN: "another program has it open; close it there",
    errno.EROFS: "writing is not allowed there; choose another folder",
    errno.EEXIST: "a file is in the way of the folder beside it; move that away",
    errno.ENOENT: "the folder does not exist; make it first",
    errno.ENOTDIR: "its parent is not a folder; choose another",
}
# others follow from what a damaged file asks for
_REFUSALS = (
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
_OF_READING = {
    errno.EACCES: "reading it is not allowed",
    errno.EPERM: "reading it is not allowed",
    errno.ENOENT: "no such file",
}


@contextmanager
def failures(
    path: Path, doing: str, ending: Callable[[int], str] = lambda _code: ""
) -> Iterator[None]:
    """Turn a failure of the system or of HDF5 into a `FileError`.

    Parameters
    ----------
    path : the file that people know
    doing : "write" or "read"
    ending : of the message, from the number of the system's error, 0 if it has none

    Raises
    ------
    FileError
        Anything below failed with an OSError or, as HDF5 does, a RuntimeError.
    """
    try:
        yield
    except CritdampError:
        raise
    except (OSError, RuntimeError) as error:
        cause = system_error(error, doing) or str(error)
        text = "; ".join(filter(None, [cause, ending(getattr(error, "errno", 0) or 0)]))
        raise FileError(f"{path}: cannot {doing} it: {text}") from error


def system_error(error: BaseException, doing: str) -> str:
    """Return what the system says, and what to do; nothing if it is no error of its."""
    code = getattr(error, "errno", None) or 0
    causes = _CAUSES | (_OF_READING if doing == "read" else {})
    return causes.get(code, os.strerror(code)) if code else ""


def refusal(error: BaseException) -> str:
    """Return why the system refused a read; nothing where the bytes may be to blame."""
    refused = getattr(error, "errno", None) in _REFUSALS
    return system_error(error, "read") if refused else ""
