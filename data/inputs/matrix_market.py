"""Matrix Market files. SciPy's reader crashes, or fills in zeros, on damaged ones."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from critdamp.engine.errors import InputError

from .text import listed, open_text

# what Matrix Market files may say, with the numbers that their size has, that a line
# of coordinates has, and what stands above the diagonal for each value below it
_SIZES = {"array": 2, "coordinate": 3}
_FIELDS = {"real": 3, "double": 3, "integer": 3, "unsigned-integer": 3, "pattern": 2}
_MIRRORED = {"general": 0, "symmetric": 1, "hermitian": 1, "skew-symmetric": -1}


def read_mtx(path: Path) -> Any:
    """Return a matrix, dense or sparse.

    Raises
    ------
    InputError, ValueError
        It is none, or cut off.
    """
    with open_text(path) as file:
        banner = file.readline().lower().split()
        line = next((text for text in file if text.strip("\n\r\t ")[:1] not in "%"), "")
        size = [int(part) for part in line.split()]
        if banner[:1] != ["%%matrixmarket"] or len(banner) != 5:
            raise InputError(f"{path}: cannot be read: no Matrix Market file")
        _, _, form, field, symmetry = banner
        _choose(path, form, _SIZES)
        _choose(path, field, _FIELDS)
        _choose(path, symmetry, _MIRRORED)
        if len(size) != _SIZES[form] or min(size) < 0:
            raise InputError(f"{path}: cannot be read: {line[:40]!r} is no size")
        table = np.loadtxt(file, ndmin=2, comments="%")
    read = _listing if form == "coordinate" else _column
    return read(table, size, field, _MIRRORED[symmetry], path)


def _choose(path: Path, word: str, known: Iterable[str]) -> None:
    if word not in known:
        raise InputError(
            f"{path}: cannot be read: holds {word[:40]!r}, {listed(known)} can be read"
        )


def _listing(table: Any, size: list[int], field: str, mirror: int, path: Path) -> Any:
    """Return the sparse matrix of rows of row, column and value."""
    from scipy.sparse import coo_array

    rows, columns, entries = size
    if (entries and table.shape != (entries, _FIELDS[field])) or len(table) != entries:
        raise InputError(f"{path}: cannot be read: {len(table)} entries of {entries}")
    if not entries:
        return coo_array((rows, columns))
    i, j = (table[:, :2].T - 1).astype(np.int64)
    if (table[:, :2] != np.trunc(table[:, :2])).any():
        raise InputError(f"{path}: cannot be read: an index is no whole number")
    values = table[:, 2] if table.shape[1] == 3 else np.ones(entries)
    below = i != j if mirror else np.zeros(entries, dtype=bool)
    i, j = np.r_[i, j[below]], np.r_[j, i[below]]
    return coo_array((np.r_[values, mirror * values[below]], (i, j)), (rows, columns))


def _column(table: Any, size: list[int], _field: str, mirror: int, path: Path) -> Any:
    """Return the matrix of values that stand below one another, column by column."""
    rows, columns = size
    if mirror and rows != columns:
        raise InputError(f"{path}: cannot be read: shape {(rows, columns)}, not square")
    low = 1 if mirror < 0 else 0
    needed = (rows - low + 1) * (rows - low) // 2 if mirror else rows * columns
    if table.size != needed or (needed and table.shape[1] != 1):
        raise InputError(f"{path}: cannot be read: {table.size} values of {needed}")
    if not mirror:
        return table.reshape((columns, rows)).T
    found = np.zeros((rows, columns))
    j, i = np.triu_indices(rows, low)  # by columns
    found[j, i] = mirror * table.ravel()
    found[i, j] = table.ravel()
    return found
