"""Opening a file that may be anything, with a clear line for what it is not."""

from pathlib import Path

import h5py

from critdamp.engine.errors import FileError

from .layout import FORMAT, FORMAT_VERSION
from .parts import Parts


def open_file(path: Path) -> h5py.File:
    """Return the opened file of a run.

    Raises
    ------
    FileError
        It is missing, unfinished, damaged, foreign, or made by a newer critdamp.
    """
    if not path.is_file():
        raise FileError(_missing(path))
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise FileError(f"{path}: {_unreadable(path, error)}") from error
    try:
        _check(path, file)
    except BaseException:
        file.close()
        raise
    return file


def _missing(path: Path) -> str:
    if path.is_dir():
        return f"{path}: a folder, not a run file"
    if Parts(path).folder.is_dir():
        return f"{path}: unfinished; go on with critdamp resume {path}"
    return f"{path}: no such file"


def _unreadable(path: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "reading it is not allowed"
    if not h5py.is_hdf5(path):
        return "not an HDF5 file"
    return "cut off or damaged; make it again from its plan"


def _check(path: Path, file: h5py.File) -> None:
    if file.attrs.get("format") != FORMAT or "plan" not in file:
        raise FileError(f"{path}: an HDF5 file, but not a run of critdamp")
    found = int(file.attrs["format_version"])
    if found > FORMAT_VERSION:
        raise FileError(
            f"{path}: format {found}, this critdamp knows {FORMAT_VERSION}; update it"
        )
