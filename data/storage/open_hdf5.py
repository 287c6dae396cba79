"""Opening a file that may be anything, with a clear line for what it is not."""

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
    format, version : as in the root's attributes
    called : in messages
    needs : datasets that each such file has
    axes, columns : dimensions and arrays that an export takes, in this order, where
        they are there; those that the root's attributes name by default
    command : what shows such a file to people
    if_missing : what to say of a path where no file is, nothing by default
    """

    format: str
    version: int
    called: str
    needs: tuple[str, ...]
    axes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    command: str = "critdamp export"
    if_missing: Callable[[Path], str] = lambda _path: ""


@contextmanager
def undamaged(path: Path) -> Iterator[None]:
    """Turn what reading a damaged file raises into a FileError that names it."""
    try:
        yield
    except FileError:
        raise
    except Exception as error:  # HDF5 and what is read may be wrong in every way
        reason = " ".join(f"{error}".split()) or "it does not fit into the memory"
        raise FileError(f"{path}: damaged: {reason}") from error


def open_file(path: Path, *kinds: Kind, others: Iterable[Kind] = ()) -> h5py.File:
    """Return the opened file, which has to be of one of the kinds.

    Parameters
    ----------
    path : of the file
    kinds : that it may be of
    others : kinds that are named where it is of one of them

    Raises
    ------
    FileError
        It is missing, unfinished, damaged, foreign, or made by a newer critdamp.
    """
    with failures(path, "read"):
        if not path.is_file():
            raise FileError(_missing(path, kinds))
    try:
        file = h5py.File(path, "r")
    except Exception as error:  # HDF5 may find anything wrong
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
        return f"{path}: no regular file"
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
    said = str(file.attrs.get("format"))
    kind = {kind.format: kind for kind in kinds}.get(said)
    for name in file:  # none is followed before all are seen
        if not isinstance(file.get(name, getlink=True), h5py.HardLink):
            raise FileError(f"{path}: {name} is a link, maybe to another file")
    for name in file:
        refuse_elsewhere(file[name])
    needs = kind.needs if kind else ()
    lacks = [name for name in needs if not isinstance(file.get(name), h5py.Dataset)]
    other = {kind.format: kind for kind in others}.get(said)
    if kind is None and other is not None:
        raise FileError(f"{path}: {other.called}, not {called}; see {other.command}")
    if kind is None or lacks:
        raise FileError(f"{path}: an HDF5 file, but not {called} of critdamp")
    found = operator.index(file.attrs["format_version"])
    if found > kind.version:
        raise FileError(
            f"{path}: format {found}, this critdamp knows {kind.version}; update it"
        )
