"""The lock of a folder: that of its file system, and a file in it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from critdamp.engine.errors import FileError

from ..storage.atomic_files import lock, to_disk
from ..storage.lock_file import LockFile, holder_of

# name of the file that says which process has the lock
WRITER = "writer"


@contextmanager
def locked(folder: Path, shown: Path) -> Iterator[Callable[[], None]]:
    """Create a folder if needed, and lock it while the block runs.

    In the end the folder is removed if it is empty.

    Parameters
    ----------
    folder : path of the folder
    shown : the path for messages

    Yields
    ------
    check : raises a FileError if another process took the lock meanwhile

    Raises
    ------
    OSError
        The folder cannot be created.
    FileError
        It is a link, belongs to another user, or another process holds the lock.
    """
    descriptor, lock_file = _locked(folder, shown)
    try:
        yield lock_file.check
    finally:
        lock_file.release()
        _remove_empty(folder)
        os.close(descriptor)


def refuse_link(folder: Path, shown: Path) -> None:
    """Raise a FileError if a folder is a link."""
    if folder.is_symlink():
        raise FileError(f"{shown}: a link is in the way; move it away")


def _locked(folder: Path, shown: Path) -> tuple[int, LockFile]:
    """Create and lock the folder; retry if another process removed it meanwhile."""
    while True:
        refuse_link(folder, shown)
        folder.mkdir(exist_ok=True)
        to_disk(folder.parent)
        try:
            descriptor, alone = lock(folder)
        except FileNotFoundError:
            continue
        except BlockingIOError:
            raise _taken(shown, holder_of(folder / WRITER)) from None
        try:
            return descriptor, _lock_file(folder, shown, descriptor, alone)
        except FileNotFoundError:
            os.close(descriptor)
        except BaseException:
            _remove_empty(folder)
            os.close(descriptor)
            raise


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # it has files, or is gone
        folder.rmdir()


def _lock_file(folder: Path, shown: Path, descriptor: int, alone: bool) -> LockFile:
    """Take the lock file; a FileNotFoundError if the folder is another one now."""
    lock_file = LockFile(folder / WRITER)
    try:
        lock_file.acquire(alone)
    except BlockingIOError as error:
        raise _taken(shown, f"{error}") from None
    status = os.fstat(descriptor)
    # a folder that others prepared may hold links; owners are compared as the file
    # system shows them, which may map them
    try:
        if (folder / WRITER).lstat().st_uid != status.st_uid:
            raise FileError(f"{shown}: belongs to another user; move it away")
        if not os.path.samestat(status, folder.stat()):
            raise FileNotFoundError
    except BaseException:
        lock_file.release()
        raise
    return lock_file


def _taken(shown: Path, holder: str) -> FileError:
    who = f" ({holder})" if holder else ""
    return FileError(
        f"{shown}: another process is writing there{who}; wait for it, or stop it; if "
        "it was killed elsewhere, try again in 90 s"
    )
