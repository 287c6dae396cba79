"""Atomic replacement of files, fsync, and a lock on a folder."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# errno values with which fsync of a folder is unsupported or not permitted
_FOLDER_FSYNC_ERRORS = (errno.EACCES, errno.EBADF, errno.EINVAL, errno.EOPNOTSUPP)


def publish(temporary: Path, path: Path) -> None:
    """Sync a finished temporary file, rename it to `path`, and sync the folder."""
    to_disk(temporary)
    temporary.replace(path)
    to_disk(path.parent)


def beside(path: Path) -> Path:
    """Return a unique temporary path in the folder of `path`."""
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Yield a temporary path; on success the file written there is renamed to `path`.

    On any exception the temporary file is removed and `path` is unchanged.
    """
    temporary = beside(path)
    try:
        yield temporary
        publish(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def to_disk(path: Path) -> None:
    """Call fsync on a file, or on a folder so that its entries are durable."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        # some file systems cannot fsync a folder, and some folders are not readable
        if error.errno not in _FOLDER_FSYNC_ERRORS or not path.is_dir():
            raise


def lock(folder: Path) -> int:
    """Lock a folder for this process and return the descriptor that holds the lock.

    The lock ends when the descriptor is closed or the process ends for any reason.

    Raises
    ------
    BlockingIOError
        Another process holds the lock.
    OSError
        The folder cannot be opened or locked.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError as error:
        # some network file systems cannot lock folders; the sweep works without a lock
        if error.errno not in (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP):
            os.close(descriptor)
            raise
    return descriptor
