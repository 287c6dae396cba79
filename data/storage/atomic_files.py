"""Files that appear whole or not at all, and errors that say what to do."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NOT_FOR_FOLDERS = (errno.EACCES, errno.EBADF, errno.EINVAL, errno.EOPNOTSUPP)


def publish(temporary: Path, path: Path) -> None:
    """Give a finished file its name, once its bytes are on the disk."""
    to_disk(temporary)
    temporary.replace(path)
    to_disk(path.parent)


def beside(path: Path) -> Path:
    """Return a temporary name for a file that is being written, nobody else's."""
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Yield a temporary path; what is written there gets its name at the end.

    If anything fails, the temporary file is gone and `path` is as it was.
    """
    temporary = beside(path)
    try:
        yield temporary
        publish(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        # some file systems know no fsync of folders, some folders are not for reading
        if error.errno not in _NOT_FOR_FOLDERS or not path.is_dir():
            raise


def lock(folder: Path) -> int:
    """Take a folder for this process, until the returned descriptor is closed.

    The system drops the lock when the process ends, however it ends.

    Raises
    ------
    BlockingIOError
        Another process has it.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError as error:
        # some network file systems lock no folders; the sweep works without
        if error.errno not in (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP):
            os.close(descriptor)
            raise
    return descriptor
