"""Reading matrices as other programs write them; nothing is ever unpickled."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from critdamp.engine.errors import CritdampError, InputError
from critdamp.engine.spectra.operators import is_sparse

from ..storage.bounded_read import read_bounded
from .matlab import read_mat
from .matrix_market import read_mtx
from .text import listed, open_text

# Small files may claim to be large. Beyond so many rows, and bytes as an array, what a
# matrix takes has to be in proportion to what is there.
_ROWS, _BYTES = 2**18, 2**28
# how many times larger an array may be than its entries
_SPARSE_TIMES = 1000


@contextmanager
def reading(path: Path, kind: str = "") -> Iterator[None]:
    """Turn what a library raises at a damaged file into an InputError that names it.

    Parameters
    ----------
    path : of the file
    kind : what it was read as, for the message
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except CritdampError:
        raise
    except MemoryError:
        raise InputError(f"{path}: does not fit into the memory") from None
    except Exception as error:
        reason = " ".join((getattr(error, "strerror", None) or f"{error}").split())
        raise InputError(f"{path}: cannot be read{kind}: {reason}") from error


def read_matrix(source: str | Path) -> Any:
    """Return what a file holds: an array, a sparse matrix, or arrays by name.

    Parameters
    ----------
    source : .npy, .npz (arrays, or a matrix of scipy.sparse), .mtx, .mat, .h5,
        .safetensors, .csv, .txt; of several arrays, `FILE:NAME` takes one

    Raises
    ------
    InputError
        There is no such file, it cannot be read, or has no array of that name.
    """
    with reading(Path(source)):
        path, name = _split(str(source))
        read = READERS[_kind(path)]
        if not path.is_file():
            what = "a folder, not a file" if path.is_dir() else "no such file"
            raise InputError(f"{path}: {what}")
        found = _one(read(path, name), path, name)
        for matrix in found.values() if isinstance(found, Mapping) else [found]:
            _check_sparse(matrix, path)
        return found


def _check_sparse(matrix: Any, path: Path) -> None:
    """Refuse indices outside a sparse matrix, which SciPy would follow anywhere."""
    if is_sparse(matrix):
        if hasattr(matrix, "check_format"):
            matrix.check_format(full_check=True)
        size = path.stat().st_size
        if max(matrix.shape) > max(_ROWS, size):
            raise InputError(f"{path}: {size} bytes cannot hold shape {matrix.shape}")


def dense(matrix: Any) -> Any:
    """Return an array of a matrix, sparse or not.

    Raises
    ------
    InputError
        So little of a sparse one is there that an array of it makes no sense.
    """
    if not is_sparse(matrix):
        return matrix
    if 8 * math.prod(matrix.shape) > max(_BYTES, 8 * matrix.nnz * _SPARSE_TIMES):
        raise InputError(
            f"shape {matrix.shape} with {matrix.nnz} entries is too sparse for an array"
        )
    return matrix.toarray()


def _split(source: str) -> tuple[Path, str]:
    """Return a file's path and, behind a colon, the name of an array in it."""
    parts = source.split(":")
    for count in range(1, len(parts)):
        head = Path(":".join(parts[:count]))
        if _known(head) and (head.is_file() or count == len(parts) - 1):
            if Path(source).exists():
                break
            return head, ":".join(parts[count:])
    return Path(source), ""


def _suffix(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return suffixes[-2] if suffixes[-1:] == [".gz"] and suffixes[1:] else suffixes[-1]


def _known(path: Path) -> bool:
    return bool(path.suffixes) and _suffix(path) in READERS


def _kind(path: Path) -> str:
    if not _known(path):
        raise InputError(f"{path}: unknown kind; {', '.join(READERS)} can be read")
    return _suffix(path)


def _one(found: Any, path: Path, name: str) -> Any:
    """Return the array of a name, or the only one, or all of them."""
    if not isinstance(found, Mapping):
        if name:
            raise InputError(f"{path}: holds one array, which has no name {name!r}")
        return found
    if name:
        if name not in found:
            raise InputError(f"{path}: no {name!r} there, but {listed(found)}")
        return found[name]
    if not found:
        raise InputError(f"{path}: no array of numbers there")
    return next(iter(found.values())) if len(found) == 1 else found


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
    if h5py.is_hdf5(path):  # version 7.3, where arrays stand the other way round
        return {key: value.T for key, value in _hdf5(path, name).items()}
    return read_mat(path)


def _hdf5(path: Path, name: str) -> dict[str, Any]:
    """Return the arrays of a file, or one alone; sparse matrices as MATLAB has them."""
    found: dict[str, Any] = {}
    with h5py.File(path, "r") as file:
        known: dict[str, Any] = {}

        def note(key: str, item: Any) -> None:
            if isinstance(item, h5py.Group) and {"data", "ir", "jc"} <= set(item):
                known[key] = item
            elif isinstance(item, h5py.Dataset) and item.dtype.kind in "fiubcO":
                inside = key.rpartition("/")[0] in known
                known.update({} if inside or item.ndim not in (1, 2) else {key: item})

        file.visititems(note)
        wanted = name.strip("/")
        if name and wanted not in known:
            raise InputError(f"{path}: no {name!r} there, but {listed(known)}")
        for key in [wanted] if name else known:
            item = known[key]
            found[name or key] = (
                read_bounded(item) if hasattr(item, "dtype") else _sparse(item)
            )
    return found


def _sparse(group: h5py.Group) -> Any:
    from scipy.sparse import csc_array

    arrays = tuple(read_bounded(group[name]) for name in ("data", "ir", "jc"))
    rows = int(group.attrs["MATLAB_sparse"])
    return csc_array(arrays, shape=(rows, arrays[2].size - 1)).T


def _safetensors(path: Path, _name: str) -> Any:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError:
        raise InputError(
            f"{path}: needs safetensors; pip install safetensors"
        ) from None
    try:
        return load_file(path)
    except SafetensorError as error:
        raise InputError(f"{path}: cannot be read: {error}") from error


def _text(path: Path, _name: str) -> Any:
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
                    header = True  # names of columns
                    continue
                raise InputError(
                    f"{path}: line {number}: {line.strip()[:40]!r} holds text that is "
                    "no number"
                ) from None
            if len(rows[-1]) != len(rows[0]):
                raise InputError(
                    f"{path}: line {number} has {len(rows[-1])} numbers, the first one "
                    f"{len(rows[0])}"
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
    """Return a vector from what `read_matrix` reads.

    Raises
    ------
    InputError
        It cannot be read, or is no vector of real numbers.
    """
    found = read_matrix(source)
    if isinstance(found, Mapping):
        raise InputError(
            f"{source}: holds {len(found)} arrays, {listed(found)}; say which one, as "
            "FILE:NAME"
        )
    shape = found.shape
    if found.dtype.kind not in "fiub" or max(shape, default=0) != math.prod(shape):
        raise InputError(
            f"{source}: holds {found.dtype} of shape {shape}, a vector of real "
            "numbers is needed"
        )
    return dense(found).ravel()


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
