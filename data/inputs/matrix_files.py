"""Readers of matrices in files of other programs; nothing is unpickled."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from critdamp.engine.callbacks import ignore
from critdamp.engine.errors import CritdampError, InputError
from critdamp.engine.spectra.operators import is_sparse
from critdamp.engine.typing import Report
from critdamp.engine.validation import real

from ..storage.memory_budget import FLOOR, Budget
from ..storage.open_hdf5 import is_hdf5
from ..storage.regular_files import NotRegularError, check_regular
from .hdf5_arrays import read_hdf5
from .matlab import read_mat
from .matrix_market import read_mtx
from .numpy_files import read_npy, read_npz
from .pickles import refuse_pickle
from .safetensors_file import read_safetensors
from .sparse_arrays import is_sparse_group, sparse_matrix
from .text import counted, listed, several_arrays
from .text_table import UNKNOWN, Layout, Table, read_table

# A small file may declare a large matrix. Beyond this number of rows, the size of a
# matrix is limited relative to the size of the file.
_ROWS = 2**18
# ratio of elements to stored entries up to which a matrix may become a dense array
_RATIO = 1000


class Contents(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    matrix : array, sparse matrix, or arrays by name
    description : what was read, like "40 × 5, header names left out"
    """

    matrix: Any
    description: str


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


def read_matrix(
    source: str | Path, layout: Layout = UNKNOWN, *, report: Report = ignore
) -> Any:
    """Return the array, sparse matrix, or arrays by name of a file.

    Parameters
    ----------
    source : see `read_contents`
    layout : what is known of the header and the index of a text file
    report : called with a message on what was read

    Raises
    ------
    InputError
        The file does not exist, cannot be read, or has no array of that name.
    FileError
        Something in it leads to another file, or it takes more memory than is allowed.
    """
    matrix, description = read_contents(source, layout)
    report(f"{source}: {description}")
    return matrix


def read_contents(source: str | Path, layout: Layout = UNKNOWN) -> Contents:
    """Return what a file holds, and its description.

    Parameters
    ----------
    source : .npy, .npz (arrays, or a matrix of scipy.sparse), .mtx, .mat, .h5, .h5ad,
        .safetensors, .csv, .tsv, .txt; `FILE:NAME` selects one of several arrays
    layout : what is known of the header and the index of a text file

    Raises
    ------
    InputError
        The file does not exist, cannot be read, or has no array of that name.
    """
    with reading(Path(source)):
        path, name = _split(str(source))
        read = READERS[_kind(path)]
        check_input(path)
        contents = read_table(path, layout) if read is read_table else read(path, name)
        left_out = ""
        if isinstance(contents, Table):
            contents, left_out = contents
        matrix = _select(contents, path, name)
        for array in matrix.values() if isinstance(matrix, Mapping) else [matrix]:
            _check_sparse(array, path)
        return Contents(matrix, ", ".join(filter(None, [_described(matrix), left_out])))


def check_input(path: Path) -> None:
    """Raise an InputError if there is no file, or none that ends.

    What else a path may lead to, as a FIFO or a device, is not waited for.
    """
    try:
        check_regular(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except NotRegularError as error:
        raise InputError(error.message) from error


def _described(matrix: Any) -> str:
    if isinstance(matrix, Mapping):
        return f"arrays {listed(matrix)}"
    shape = " × ".join(map(str, matrix.shape)) or "a number"
    if matrix.ndim == 1:
        shape = counted(matrix.size, "value")
    if is_sparse(matrix):
        return f"{shape}, sparse, {counted(int(matrix.nnz), 'entry', 'entries')}"
    return shape if matrix.dtype == np.float64 else f"{shape}, {matrix.dtype}"


def _check_sparse(matrix: Any, path: Path) -> None:
    """Raise if indices are out of range, which SciPy does not check when it reads."""
    if is_sparse(matrix):
        if hasattr(matrix, "check_format"):
            matrix.check_format(full_check=True)
        size = path.stat().st_size
        if max(matrix.shape) > max(_ROWS, size):
            raise InputError(f"{path}: {size} bytes cannot hold shape {matrix.shape}")


def dense(matrix: Any, source: str | Path) -> Any:
    """Return a dense array of a matrix, which may be sparse.

    Parameters
    ----------
    matrix : array or sparse matrix
    source : what it was read from, as in `read_contents`

    Raises
    ------
    TooLargeError
        The array takes more memory than is allowed.
    """
    if not is_sparse(matrix):
        return matrix
    nbytes = matrix.dtype.itemsize
    budget = Budget(_split(str(source))[0], max(FLOOR, nbytes * matrix.nnz * _RATIO))
    budget.take(float(nbytes) * math.prod(matrix.shape))
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


def is_text(path: Path) -> bool:
    """Return whether the suffix of a file is that of a text with numbers."""
    return _is_readable(path) and READERS[_suffix(path)] is read_table


def _is_readable(path: Path) -> bool:
    return bool(path.suffixes) and _suffix(path) in READERS


def _kind(path: Path) -> str:
    if _is_readable(path):
        return _suffix(path)
    refuse_pickle(path)
    raise InputError(f"{path}: unknown kind; {', '.join(READERS)} can be read")


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
    if is_sparse_group(contents):
        try:
            return sparse_matrix(contents)
        except InputError as error:
            raise InputError(f"{path}: holds {error.message}") from error
    return next(iter(contents.values())) if len(contents) == 1 else contents


def _no_array(path: Path, name: str, names: Iterable[str]) -> InputError:
    return InputError(f"{path}: no array {name!r}; it holds {listed(names)}")


def _mat(path: Path, name: str) -> Any:
    return _hdf5(path, name) if is_hdf5(path) else read_mat(path)


def _hdf5(path: Path, name: str) -> dict[str, Any]:
    return read_hdf5(path, name, _no_array)


def read_vector(source: str | Path, *, report: Report = ignore) -> Any:
    """Return a vector (n,) from any file that `read_matrix` reads.

    Raises
    ------
    InputError
        The file cannot be read, or does not hold one vector of real numbers.
    """
    try:
        matrix = read_matrix(source, report=report)
    except InputError as error:  # nothing but the file can answer its question
        raise InputError(error.message) from error
    if isinstance(matrix, Mapping):
        raise InputError(f"{source}: {several_arrays(matrix)}")
    shape = matrix.shape
    if max(shape, default=0) != math.prod(shape):
        raise InputError(
            f"{source}: holds shape {shape}, a vector of real numbers is needed"
        )
    try:
        return real(dense(matrix, source)).ravel()
    except InputError as error:
        raise InputError(f"{source}: {error}") from error


READERS: dict[str, Callable[..., Any]] = {
    ".npy": read_npy,
    ".npz": read_npz,
    ".mtx": lambda path, _name: read_mtx(path),
    ".mat": _mat,
    **dict.fromkeys((".h5", ".hdf5", ".h5ad"), _hdf5),
    ".safetensors": read_safetensors,
    **dict.fromkeys((".csv", ".tsv", ".txt"), read_table),
}
