"""Reader of Matrix Market files.

SciPy's reader crashes on damaged files, or fills in zeros.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from critdamp.engine.errors import InputError

from .text import counted, listed, open_text

# words of the banner: with the length of the size line, the number of columns of a
# coordinate line, and the factor of the mirrored entries
_SIZES = {"array": 2, "coordinate": 3}
_FIELDS = {"real": 3, "double": 3, "integer": 3, "unsigned-integer": 3, "pattern": 2}
_SYMMETRIES = {"general": 0, "symmetric": 1, "hermitian": 1, "skew-symmetric": -1}


def read_mtx(path: Path) -> Any:
    """Return the matrix of a file, dense or sparse.

    Raises
    ------
    InputError, ValueError
        The file is not a Matrix Market file, or is cut off.
    """
    with open_text(path) as file:
        banner = file.readline().lower().split()
        line = next((text for text in file if text.strip("\n\r\t ")[:1] not in "%"), "")
        size = [int(part) for part in line.split()]
        if banner[:1] != ["%%matrixmarket"] or len(banner) != 5:
            raise InputError(f"{path}: cannot be read: not a Matrix Market file")
        _, _, form, field, symmetry = banner
        _check_word(path, form, _SIZES)
        _check_word(path, field, _FIELDS)
        _check_word(path, symmetry, _SYMMETRIES)
        if len(size) != _SIZES[form] or min(size) < 0:
            raise InputError(f"{path}: cannot be read: {line[:40]!r} is not a size")
        table = np.loadtxt(file, ndmin=2, comments="%")
    build = _from_coordinates if form == "coordinate" else _from_array
    return build(table, size, field, _SYMMETRIES[symmetry], path)


def _check_word(path: Path, word: str, allowed: Iterable[str]) -> None:
    if word not in allowed:
        raise InputError(
            f"{path}: cannot be read: {word[:40]!r} is unknown; "
            f"{listed(allowed)} can be read"
        )


def _from_coordinates(
    table: Any, size: list[int], field: str, mirror: int, path: Path
) -> Any:
    """Return the sparse matrix from lines of row, column and value."""
    from scipy.sparse import coo_array

    rows, columns, entries = size
    if (entries and table.shape != (entries, _FIELDS[field])) or len(table) != entries:
        needed = counted(entries, "entry", "entries")
        raise InputError(f"{path}: cannot be read: {len(table)} of {needed}")
    if not entries:
        return coo_array((rows, columns))
    i, j = (table[:, :2].T - 1).astype(np.int64)
    if (table[:, :2] != np.trunc(table[:, :2])).any():
        raise InputError(f"{path}: cannot be read: an index is not a whole number")
    values = table[:, 2] if table.shape[1] == 3 else np.ones(entries)
    mirrored = i != j if mirror else np.zeros(entries, dtype=bool)
    i, j = np.r_[i, j[mirrored]], np.r_[j, i[mirrored]]
    values = np.r_[values, mirror * values[mirrored]]
    return coo_array((values, (i, j)), (rows, columns))


def _from_array(
    table: Any, size: list[int], _field: str, mirror: int, path: Path
) -> Any:
    """Return the dense matrix from a column of values in column-major order."""
    rows, columns = size
    if mirror and rows != columns:
        raise InputError(f"{path}: cannot be read: shape {(rows, columns)}, not square")
    low = 1 if mirror < 0 else 0
    needed = (rows - low + 1) * (rows - low) // 2 if mirror else rows * columns
    if table.size != needed or (needed and table.shape[1] != 1):
        raise InputError(
            f"{path}: cannot be read: {table.size} of {counted(needed, 'value')}"
        )
    if not mirror:
        return table.reshape((columns, rows)).T
    matrix = np.zeros((rows, columns))
    j, i = np.triu_indices(rows, low)  # the lower triangle, column by column
    matrix[j, i] = mirror * table.ravel()
    matrix[i, j] = table.ravel()
    return matrix
