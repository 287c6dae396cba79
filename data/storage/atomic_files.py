"""Files that appear whole or not at all, fsync, and a lock on a folder."""

import errno
import fcntl
import os
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from critdamp.engine.callbacks import ignore
from critdamp.engine.errors import Advice, OutputExistsError

# errno values with which fsync of a folder is unsupported or not permitted
_FOLDER_FSYNC_ERRORS = (errno.EACCES, errno.EBADF, errno.EINVAL, errno.EOPNOTSUPP)
# bytes of a name that a temporary name begins with, so that it is not too long
_STEM = 100


def publish(
    temporary: Path,
    path: Path,
    replace: bool = True,
    check: Callable[[], object] = ignore,
) -> None:
    """Sync a finished temporary file, rename it to `path`, and sync the folder.

    Parameters
    ----------
    temporary, path : paths of the finished file and of what it becomes
    replace : whether a file may be at `path`
    check : called when all is on the disk; if it raises the file is not renamed

    Raises
    ------
    OutputExistsError
        `path` exists, and `replace` is False; also if it appeared in this very moment.
    """
    try:
        to_disk(temporary)
        check()
        temporary.replace(path) if replace else put(temporary, path)
    except FileExistsError as error:
        raise OutputExistsError(
            f"{path}: a file appeared there meanwhile",
            advice=Advice("force", True, "replaces it"),
        ) from error
    except FileNotFoundError:
        check()  # it may know who removed the temporary file
        raise
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
    except FileExistsError:
        # a network file system may ask twice, and hear of the link that it made
        if not os.path.samestat(temporary.lstat(), path.lstat()):
            raise
        temporary.unlink()
    except FileNotFoundError:
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


def take_away(path: Path, to: Path | None, check: Callable[[], object]) -> None:
    """Remove or rename a file, if it is there, unless a check raises.

    What has the name after a process was stopped may be the file of another process: so
    the file is renamed first, then comes the check, which may have it put back.

    Parameters
    ----------
    path : path of the file
    to : path that it gets, None to remove it
    check : raises if another process may have made the file by now
    """
    away = beside(path)
    try:
        path.rename(away)
    except FileNotFoundError:
        return
    try:
        check()
    except BaseException:
        with suppress(OSError):  # the new holder may have removed it
            _put_back(away, path)
        raise
    if to is None:
        away.unlink(missing_ok=True)
    else:
        away.replace(to)


def _put_back(away: Path, path: Path) -> None:
    try:
        put(away, path)
    except FileExistsError:
        away.unlink(missing_ok=True)


def beside(path: Path) -> Path:
    """Return a unique temporary path in the folder of `path`.

    A long name is cut, so that the name with its ending is a name too.
    """
    name = os.fsencode(path.name)[:_STEM].decode("utf-8", errors="ignore")
    temporary = path.with_name(f"{name}.{secrets.token_hex(8)}.tmp")
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
def appearing(
    path: Path, replace: bool = True, check: Callable[[], object] = ignore
) -> Iterator[Path]:
    """Yield a temporary path; on success the file written there is renamed to `path`.

    On any exception the temporary file is removed and `path` is unchanged. Parameters
    are those of `publish`.

    Raises
    ------
    OutputExistsError
        `path` exists in the end, and `replace` is False.
    """
    path = path.absolute()  # the process may change to another folder meanwhile
    temporary = beside(path)
    try:
        yield temporary
        publish(temporary, path, replace, check)
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
