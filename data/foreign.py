"""Opening a file that may be anything, with a clear line for what it is not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from critdamp.engine.errors import FileError

from .files import failures
from .layout import FORMAT, FORMAT_VERSION
from .parts import Parts


@dataclass(frozen=True)
class Kind:
    """A kind of file that critdamp writes.

    Attributes
    ----------
    format, version : as in the root's attributes
    needs : datasets that each such file has
    called : in messages
    """

    format: str
    version: int
    needs: tuple[str, ...]
    called: str


# bytes of a dataset that need not be in the file, and how many times deflate packs
_FREE, _PACKED = 2**24, 1032
RUN = Kind(FORMAT, FORMAT_VERSION, ("plan",), "a run")


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


def whole(dataset: h5py.Dataset) -> Any:
    """Return all values of a dataset.

    Raises
    ------
    FileError
        It claims more of them than its file can hold.
    """
    path = Path(dataset.file.filename)
    if (dataset.nbytes or 0) > max(_FREE, path.stat().st_size * _PACKED):
        raise FileError(
            f"{path}: damaged: {dataset.name} has {dataset.nbytes} bytes, more than "
            "fit into the file"
        )
    return dataset[()]


def open_file(path: Path, kind: Kind = RUN) -> h5py.File:
    """Return the opened file of a run, or of another kind.

    Raises
    ------
    FileError
        It is missing, unfinished, damaged, foreign, or made by a newer critdamp.
    """
    with failures(path, "read"):
        if not path.is_file():
            raise FileError(_missing(path))
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise FileError(f"{path}: {_unreadable(path, error)}") from error
    try:
        with undamaged(path):
            _check(path, file, kind)
    except BaseException:
        file.close()
        raise
    return file


def _missing(path: Path) -> str:
    if path.is_dir():
        return f"{path}: a folder, not a file"
    if path.name and (parts := Parts.of(path)).begun:
        return f"{path}: unfinished; {parts.kept()}"
    if path.exists():
        return f"{path}: no regular file"
    return f"{path}: no such file"


def _unreadable(path: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "reading it is not allowed"
    if not h5py.is_hdf5(path):
        return "not an HDF5 file"
    return "cut off or damaged; make it again from its plan"


def _check(path: Path, file: h5py.File, kind: Kind) -> None:
    lacks = [n for n in kind.needs if not isinstance(file.get(n), h5py.Dataset)]
    if file.attrs.get("format") != kind.format or lacks:
        raise FileError(f"{path}: an HDF5 file, but not {kind.called} of critdamp")
    found = int(file.attrs["format_version"])
    if found > kind.version:
        raise FileError(
            f"{path}: format {found}, this critdamp knows {kind.version}; update it"
        )
