"""Files that appear whole or not at all, fsync, and a lock on a folder."""

import errno
import fcntl
import os
import secrets
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from critdamp.engine.errors import Advice, OutputExistsError

# errno values with which fsync of a folder is unsupported or not permitted
_FOLDER_FSYNC_ERRORS = (errno.EACCES, errno.EBADF, errno.EINVAL, errno.EOPNOTSUPP)


def publish(temporary: Path, path: Path, replace: bool = True) -> None:
    """Sync a finished temporary file, rename it to `path`, and sync the folder.

    Raises
    ------
    OutputExistsError
        `path` exists, and `replace` is False; also if it appeared in this very moment.
    """
    to_disk(temporary)
    if replace:
        temporary.replace(path)
    else:
        try:
            put(temporary, path)
        except FileExistsError as error:
            raise OutputExistsError(
                f"{path}: a file appeared there meanwhile",
                advice=Advice("force", True, "replaces it"),
            ) from error
    to_disk(path.parent)


def put(temporary: Path, path: Path) -> None:
    """Give a finished file the name `path`, which must not exist yet.

    Raises
    ------
    FileExistsError
        `path` exists; also if it appeared in this very moment.
    """
    try:
        os.link(temporary, path, follow_symlinks=False)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:  # the file system has no links; an empty file holds the name
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        try:
            temporary.replace(path)
        except BaseException:
            path.unlink()
            raise
    else:
        temporary.unlink()


def read_own(path: Path, most: int) -> bytes:
    """Return the contents of a regular file that is no link, up to some bytes.

    Raises
    ------
    OSError
        It is a link, no regular file, or cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        return file.read(most)


def beside(path: Path) -> Path:
    """Return a unique temporary path in the folder of `path`."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    _temporaries.append(temporary)
    return temporary


# the last ones; few are there at a time
_temporaries: deque[Path] = deque(maxlen=100)


def remove_temporaries() -> None:
    """Remove what is under a temporary name; for a process that ends at once."""
    for temporary in list(_temporaries):
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def appearing(path: Path, replace: bool = True) -> Iterator[Path]:
    """Yield a temporary path; on success the file written there is renamed to `path`.

    On any exception the temporary file is removed and `path` is unchanged.

    Raises
    ------
    OutputExistsError
        `path` exists in the end, and `replace` is False.
    """
    temporary = beside(path)
    try:
        yield temporary
        publish(temporary, path, replace)
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


def lock(folder: Path) -> tuple[int, bool]:
    """Lock a folder for this process, where its file system can.

    The lock ends when the descriptor is closed or the process ends for any reason.

    Returns
    -------
    descriptor : holds the lock
    locked : False if the file system has no locks

    Raises
    ------
    BlockingIOError
        Another process holds the lock.
    OSError
        The folder cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:
        return descriptor, False
    return descriptor, True
