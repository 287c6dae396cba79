"""Checks and messages for opening HDF5 files that may be damaged or foreign."""

import operator
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py

from critdamp.engine.errors import FileError

from .bounded_read import refuse_elsewhere
from .os_errors import failures, refusal


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
    if_missing : path → hint for the message if no file is there, empty by default
    """

    format: str
    version: int
    called: str
    needs: tuple[str, ...]
    axes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    command: str = "critdamp inspect"
    if_missing: Callable[[Path], str] = lambda _path: ""


@contextmanager
def undamaged(path: Path) -> Iterator[None]:
    """Convert any exception raised while reading a damaged file to a FileError."""
    try:
        yield
    except FileError:
        raise
    except Exception as error:  # damaged data may raise any exception
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
    with failures(path, "read"):
        if not path.is_file():
            raise FileError(_missing(path, kinds))
    try:
        file = h5py.File(path, "r")
    except Exception as error:  # h5py may raise any exception for a damaged file
        raise FileError(f"{path}: {_unreadable(path, error)}") from error
    try:
        with undamaged(path):
            _check(path, file, kinds, others)
    except BaseException:
        file.close()
        raise
    return file


def _missing(path: Path, kinds: tuple[Kind, ...]) -> str:
    if path.is_dir():
        return f"{path}: a folder, not a file"
    for kind in kinds:
        if hint := kind.if_missing(path):
            return f"{path}: unfinished; {hint}"
    if path.exists():
        return f"{path}: not a regular file"
    return f"{path}: no such file"


def _unreadable(path: Path, error: Exception) -> str:
    if cause := refusal(error):
        return cause
    if not h5py.is_hdf5(path):
        return "not an HDF5 file"
    return "cut off or damaged; make it again from its plan"


def _check(
    path: Path, file: h5py.File, kinds: tuple[Kind, ...], others: Iterable[Kind]
) -> None:
    called = " or ".join(kind.called for kind in kinds)
    stored = str(file.attrs.get("format"))
    kind = {kind.format: kind for kind in kinds}.get(stored)
    for name in file:  # check all links before one of them is followed
        if not isinstance(file.get(name, getlink=True), h5py.HardLink):
            raise FileError(f"{path}: {name} is a link, maybe to another file")
    for name in file:
        refuse_elsewhere(file[name])
    needs = kind.needs if kind else ()
    missing = [name for name in needs if not isinstance(file.get(name), h5py.Dataset)]
    other = {kind.format: kind for kind in others}.get(stored)
    if kind is None and other is not None:
        raise FileError(f"{path}: {other.called}, not {called}; see {other.command}")
    if kind is None or missing:
        raise FileError(f"{path}: an HDF5 file, but not {called} of critdamp")
    version = operator.index(file.attrs["format_version"])
    if version > kind.version:
        raise FileError(
            f"{path}: format {version}, this critdamp reads up to {kind.version}; "
            "update critdamp"
        )
