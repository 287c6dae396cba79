"""Readers of matrices in files of other programs; nothing is unpickled."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from critdamp.engine.errors import CritdampError, InputError
from critdamp.engine.extras import load
from critdamp.engine.spectra.operators import is_sparse

from ..storage.bounded_read import read_bounded
from .matlab import read_mat
from .matrix_market import read_mtx
from .text import counted, listed, open_text, several_arrays

# A small file may declare a large matrix. Beyond these numbers of rows, and of bytes as
# a dense array, the size of a matrix is limited relative to the size of the file.
_ROWS, _BYTES = 2**18, 2**28
# maximum ratio of elements to stored entries for a dense array
_SPARSE_RATIO = 1000


@contextmanager
def reading(path: Path, kind: str = "") -> Iterator[None]:
    """Convert any exception raised while reading a file to an InputError.

    Parameters
    ----------
    path : path that the message names
    kind : format for the message, as in " as .npy"
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except CritdampError:
        raise
    except MemoryError:
        raise InputError(f"{path}: does not fit into memory") from None
    except Exception as error:
        reason = " ".join((getattr(error, "strerror", None) or f"{error}").split())
        raise InputError(f"{path}: cannot be read{kind}: {reason}") from error


def read_matrix(source: str | Path) -> Any:
    """Return the array, sparse matrix, or arrays by name of a file.

    Parameters
    ----------
    source : .npy, .npz (arrays, or a matrix of scipy.sparse), .mtx, .mat, .h5,
        .safetensors, .csv, .txt; `FILE:NAME` selects one of several arrays

    Raises
    ------
    InputError
        The file does not exist, cannot be read, or has no array of that name.
    """
    with reading(Path(source)):
        path, name = _split(str(source))
        read = READERS[_kind(path)]
        if not path.is_file():
            problem = "a folder, not a file" if path.is_dir() else "no such file"
            raise InputError(f"{path}: {problem}")
        matrix = _select(read(path, name), path, name)
        for array in matrix.values() if isinstance(matrix, Mapping) else [matrix]:
            _check_sparse(array, path)
        return matrix


def _check_sparse(matrix: Any, path: Path) -> None:
    """Raise if indices are out of range, which SciPy does not check when it reads."""
    if is_sparse(matrix):
        if hasattr(matrix, "check_format"):
            matrix.check_format(full_check=True)
        size = path.stat().st_size
        if max(matrix.shape) > max(_ROWS, size):
            raise InputError(f"{path}: {size} bytes cannot hold shape {matrix.shape}")


def dense(matrix: Any) -> Any:
    """Return a dense array of a matrix, which may be sparse.

    Raises
    ------
    InputError
        The matrix has too few entries for the size of the array.
    """
    if not is_sparse(matrix):
        return matrix
    if 8 * math.prod(matrix.shape) > max(_BYTES, 8 * matrix.nnz * _SPARSE_RATIO):
        entries = counted(int(matrix.nnz), "entry", "entries")
        raise InputError(
            f"shape {matrix.shape} with {entries} is too sparse for an array"
        )
    return matrix.toarray()


def _split(source: str) -> tuple[Path, str]:
    """Return the path of a file and the name after the colon, empty without one."""
    parts = source.split(":")
    for count in range(1, len(parts)):
        head = Path(":".join(parts[:count]))
        if _is_readable(head) and (head.is_file() or count == len(parts) - 1):
            if Path(source).exists():
                break
            return head, ":".join(parts[count:])
    return Path(source), ""


def _suffix(path: Path) -> str:
    """Return the suffix in lower case, the one before .gz if there is one."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return suffixes[-2] if suffixes[-1:] == [".gz"] and suffixes[1:] else suffixes[-1]


def _is_readable(path: Path) -> bool:
    return bool(path.suffixes) and _suffix(path) in READERS


def _kind(path: Path) -> str:
    if not _is_readable(path):
        raise InputError(f"{path}: unknown kind; {', '.join(READERS)} can be read")
    return _suffix(path)


def _select(contents: Any, path: Path, name: str) -> Any:
    """Return the array with this name; without a name the only array, or all."""
    if not isinstance(contents, Mapping):
        if name:
            raise InputError(f"{path}: holds one array, which has no name {name!r}")
        return contents
    if name:
        if name not in contents:
            raise _no_array(path, name, contents)
        return contents[name]
    if not contents:
        raise InputError(f"{path}: holds no array of numbers")
    return next(iter(contents.values())) if len(contents) == 1 else contents


def _no_array(path: Path, name: str, names: Iterable[str]) -> InputError:
    return InputError(f"{path}: no array {name!r}; it holds {listed(names)}")


def _npy(path: Path, _name: str) -> Any:
    with path.open("rb") as file:
        return np.load(file, allow_pickle=False)


def _npz(path: Path, name: str) -> Any:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        if {"format", "shape"} <= set(archive.files):
            from scipy.sparse import load_npz

            return load_npz(path)
        names = [name] if name in archive.files else archive.files
        return {name: archive[name] for name in names}


def _mat(path: Path, name: str) -> Any:
    if h5py.is_hdf5(path):  # version 7.3 stores arrays transposed
        return {key: value.T for key, value in _hdf5(path, name).items()}
    return read_mat(path)


def _hdf5(path: Path, name: str) -> dict[str, Any]:
    """Return the arrays of an HDF5 file by name, or the named one alone."""
    with h5py.File(path, "r") as file:
        items = _matrices(file)
        key = name.strip("/")
        if name and key not in items:
            raise _no_array(path, name, items)
        if name:
            return {name: _read(items[key])}
        return {key: _read(item) for key, item in items.items()}


def _matrices(file: h5py.File) -> dict[str, Any]:
    """Return datasets of one or two dimensions, and MATLAB's sparse groups, by name."""
    items: dict[str, Any] = {}

    def add(key: str, item: Any) -> None:
        if isinstance(item, h5py.Group) and {"data", "ir", "jc"} <= set(item):
            items[key] = item
        elif isinstance(item, h5py.Dataset) and item.dtype.kind in "fiubcO":
            in_sparse = key.rpartition("/")[0] in items
            items.update({} if in_sparse or item.ndim not in (1, 2) else {key: item})

    file.visititems(add)
    return items


def _read(item: Any) -> Any:
    return read_bounded(item) if hasattr(item, "dtype") else _sparse(item)


def _sparse(group: h5py.Group) -> Any:
    """Return the transpose of a sparse matrix that MATLAB stored as a group."""
    from scipy.sparse import csc_array

    arrays = tuple(read_bounded(group[name]) for name in ("data", "ir", "jc"))
    rows = int(group.attrs["MATLAB_sparse"])
    return csc_array(arrays, shape=(rows, arrays[2].size - 1)).T


def _safetensors(path: Path, _name: str) -> Any:
    safetensors = load("safetensors", "safetensors")
    try:
        return load("safetensors.numpy", "safetensors").load_file(path)
    except safetensors.SafetensorError as error:
        raise InputError(f"{path}: cannot be read: {error}") from error


def _text(path: Path, _name: str) -> Any:
    """Return a matrix of rows of numbers, a vector if it has one row or column."""
    rows: list[list[float]] = []
    header = False
    with open_text(path) as file:
        for number, line in enumerate(file, 1):
            fields = line.partition("#")[0].replace(",", " ").replace(";", " ").split()
            if not fields:
                continue
            try:
                rows.append([float(field) for field in fields])
            except ValueError:
                if not (rows or header or any(map(_is_number, fields))):
                    header = True  # one line of column names is skipped
                    continue
                raise InputError(
                    f"{path}: line {number}: {line.strip()[:40]!r} holds text that is "
                    "not a number"
                ) from None
            if len(rows[-1]) != len(rows[0]):
                raise InputError(
                    f"{path}: line {number} has {counted(len(rows[-1]), 'number')}, "
                    f"the first one {len(rows[0])}"
                )
    matrix = np.array(rows, dtype=np.float64)
    return matrix.ravel() if 1 in matrix.shape else matrix


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def read_vector(source: str | Path) -> Any:
    """Return a vector (n,) from any file that `read_matrix` reads.

    Raises
    ------
    InputError
        The file cannot be read, or does not hold one vector of real numbers.
    """
    matrix = read_matrix(source)
    if isinstance(matrix, Mapping):
        raise InputError(f"{source}: {several_arrays(matrix)}")
    shape = matrix.shape
    if matrix.dtype.kind not in "fiub" or max(shape, default=0) != math.prod(shape):
        raise InputError(
            f"{source}: holds {matrix.dtype} of shape {shape}, a vector of real "
            "numbers is needed"
        )
    return dense(matrix).ravel()


READERS: dict[str, Callable[[Path, str], Any]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".mtx": lambda path, _name: read_mtx(path),
    ".mat": _mat,
    ".h5": _hdf5,
    ".hdf5": _hdf5,
    ".safetensors": _safetensors,
    ".csv": _text,
    ".txt": _text,
}
