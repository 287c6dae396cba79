"""Checks and messages for opening HDF5 files that may be damaged or foreign."""

import errno
import operator
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py

from critdamp.engine.errors import FileError

from .closed_file import check_closed
from .os_errors import errno_of, refuse
from .regular_files import check_regular


@dataclass(frozen=True)
class Kind:
    """A kind of file that critdamp writes.

    Attributes
    ----------
    format, version : root attributes `format` and `format_version`
    called : name of the kind in messages
    needs : datasets that every file of this kind has
    axes, columns : dimensions and arrays that an export writes, in this order, if
        present; by default those that the root attributes name
    command : command that shows a file of this kind
    made_by : what makes a file of this kind from other files, empty if nothing does
    if_missing : path → hint for the message if no file is there, empty by default
    """

    format: str
    version: int
    called: str
    needs: tuple[str, ...]
    axes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    command: str = "critdamp inspect"
    made_by: str = ""
    if_missing: Callable[[Path], str] = lambda _path: ""


def open_to_read(path: Path, *, foreign: bool = False) -> h5py.File:
    """Return an HDF5 file that is opened for reading.

    It is read without a lock where the file system has none. critdamp renames finished
    files only, so that none changes while it is read.

    Parameters
    ----------
    path : path of the file
    foreign : whether another program may have written it; its links and datasets may
        lead to other files then, and its attributes take too much memory; `members`,
        `read_bounded` and `Attributes` refuse those

    Raises
    ------
    OSError
        It is not an HDF5 file, damaged, locked by a writer, or the system refuses to
        open it; with an errno in the last two cases.
    FileError
        It is no regular file, something in it leads to another file, or takes more
        memory than is allowed.
    """
    file = _opened(path)
    return file if foreign else _checked(file, check_closed)


def is_hdf5(path: Path) -> bool:
    """Return whether a regular file is an HDF5 file; other paths are refused."""
    check_regular(path)
    return bool(h5py.is_hdf5(path))


def _opened(path: Path) -> h5py.File:
    # what HDF5 cannot open, it may not give the reason of; and a FIFO would hang it
    check_regular(path)
    try:
        return h5py.File(path, "r")
    except OSError as error:
        if not path.exists():  # HDF5 gives no errno for a file that goes meanwhile
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from error
        # also where this process has the file open already, without a lock
        if "lock" not in f"{error}" or errno_of(error) == errno.EAGAIN:
            raise
    return h5py.File(path, "r", locking=False)


def _checked(file: h5py.File, check: Callable[[h5py.File], object]) -> h5py.File:
    """Return an open file that passes a check; close it otherwise."""
    try:
        check(file)
    except BaseException:
        file.close()
        raise
    return file


@contextmanager
def undamaged(path: Path) -> Iterator[None]:
    """Convert any exception raised while reading a damaged file to a FileError."""
    try:
        yield
    except FileError:
        raise
    except Exception as error:  # damaged data may raise any exception
        refuse(path, error)
        reason = " ".join(f"{error}".split()) or "it does not fit into memory"
        raise FileError(f"{path}: damaged: {reason}") from error


def open_file(path: Path, *kinds: Kind, others: Iterable[Kind] = ()) -> h5py.File:
    """Return the opened file of one of the given kinds.

    Parameters
    ----------
    path : path of the file
    kinds : accepted kinds
    others : kinds that are named in the message if the file is of one of them

    Raises
    ------
    FileError
        The file is missing, unfinished, damaged, foreign, or written by a newer
        critdamp.
    """
    try:
        if not path.is_file():
            raise FileError(_missing(path, kinds))
        file = _opened(path)
    except FileError:
        raise
    except Exception as error:  # h5py may raise any exception for a damaged file
        refuse(path, error)
        raise FileError(f"{path}: {_unreadable(path, kinds)}") from error
    return _checked(file, lambda file: _check(path, file, kinds, others))


def _missing(path: Path, kinds: tuple[Kind, ...]) -> str:
    if path.is_dir():
        return f"{path}: a folder, not a file"
    for kind in kinds:
        if hint := kind.if_missing(path):
            return f"{path}: unfinished; {hint}"
    if path.exists():
        return f"{path}: not a regular file"
    return f"{path}: no such file"


def _unreadable(path: Path, kinds: tuple[Kind, ...]) -> str:
    if not is_hdf5(path):
        return "not an HDF5 file" + _made_by(kinds)
    return "cut off or damaged; make it again from its plan"


def _made_by(kinds: tuple[Kind, ...]) -> str:
    return "".join(f"; {kind.made_by}" for kind in kinds if kind.made_by)


def _check(
    path: Path, file: h5py.File, kinds: tuple[Kind, ...], others: Iterable[Kind]
) -> None:
    with undamaged(path):
        for name in check_closed(file, shards=True):
            _check_shard(path, name)
        _check_kind(path, file, kinds, others)


def _check_shard(view: Path, name: str) -> None:
    """Raise a FileError if a shard of a live view is no closed file.

    HDF5 takes it from the first of these folders where it can open it.
    """
    here = view.parent
    prefixes = os.environ.get("HDF5_VDS_PREFIX", "").replace("${ORIGIN}", str(here))
    others = [Path(folder) for folder in prefixes.split(":") if folder]
    for folder in (*others, here, Path(), view.resolve().parent):
        shard = folder / name
        try:
            if shard.exists() and shard.is_symlink():
                raise FileError(f"{view}: its shard {shard} is a link to another file")
            open_to_read(shard).close()
        except FileError:
            raise
        except OSError:  # HDF5 takes it as missing, too
            continue
        return


def _check_kind(
    path: Path, file: h5py.File, kinds: tuple[Kind, ...], others: Iterable[Kind]
) -> None:
    called = " or ".join(kind.called for kind in kinds)
    stored = str(file.attrs.get("format"))
    kind = {kind.format: kind for kind in kinds}.get(stored)
    needs = kind.needs if kind else ()
    missing = [name for name in needs if not isinstance(file.get(name), h5py.Dataset)]
    other = {kind.format: kind for kind in others}.get(stored)
    if kind is None and other is not None:
        raise FileError(f"{path}: {other.called}, not {called}; see {other.command}")
    if kind is None or missing:
        raise FileError(
            f"{path}: an HDF5 file, but not {called} of critdamp{_made_by(kinds)}"
        )
    refuse_newer(path, operator.index(file.attrs["format_version"]), kind)


def refuse_newer(path: Path, version: int, kind: Kind) -> None:
    """Raise a FileError if a newer critdamp wrote a file."""
    if version > kind.version:
        raise FileError(
            f"{path}: format {version}, this critdamp reads up to {kind.version}; "
            "update critdamp"
        )
