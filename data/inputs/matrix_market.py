"""Reader of Matrix Market files.

SciPy's reader crashes on damaged files, or fills in zeros.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from critdamp.engine.errors import InputError

from ..storage.bounded_read import DEFLATED
from ..storage.memory_budget import ask
from .text import counted, listed, open_text, parse_number

# words of the banner: with the length of the size line, the number of columns of
# values, and the factor of the mirrored entries
_SIZES = {"array": 2, "coordinate": 3}
_FIELDS = {
    **dict.fromkeys(("real", "double", "integer", "unsigned-integer"), 1),
    "complex": 2,
    "pattern": 0,
}
_SYMMETRIES = {"general": 0, "symmetric": 1, "hermitian": 1, "skew-symmetric": -1}
# beyond this number of rows the keys of entries would overflow
_MOST_ROWS = 2**31
# bytes that a number takes, in copies of the table and in the matrix made of it
_BYTES = 48


class _Form(NamedTuple):
    """What banner and size line say, and the number of the size line."""

    path: Path
    sparse: bool
    field: str
    symmetry: str
    size: tuple[int, ...]
    line: int

    @property
    def mirror(self) -> int:
        """Return the factor of the mirrored entries, 0 if there are none."""
        return _SYMMETRIES[self.symmetry]

    @property
    def indices(self) -> int:
        """Return the number of indices on a line."""
        return 2 if self.sparse else 0

    @property
    def columns(self) -> int:
        """Return the number of numbers on a line."""
        return self.indices + _FIELDS[self.field]

    @property
    def lines(self) -> int:
        """Return the number of lines of entries."""
        rows, columns, *entries = self.size
        if self.sparse:
            return entries[0]
        if self.mirror:
            low = 1 if self.mirror < 0 else 0
            return (rows - low + 1) * (rows - low) // 2
        return rows * columns


def read_mtx(path: Path) -> Any:
    """Return the matrix of a file, dense or sparse.

    Raises
    ------
    InputError
        The file is not a Matrix Market file, is cut off, or holds other entries than it
        says.
    """
    with open_text(path) as file:
        form = _read_form(path, file)
        try:
            table = np.loadtxt(
                file, comments="%", dtype=np.float64, ndmin=2, max_rows=_room(form) + 1
            )
        except ValueError:
            table = None
    if table is None or not _fits(table, form):
        table = _read_slowly(form)
    table = table.reshape(form.lines, form.columns)
    values = table[:, form.indices] if _FIELDS[form.field] else np.ones(form.lines)
    if form.field == "complex":
        values = values + 1j * table[:, -1]
    if form.sparse:
        return _sparse(form, table[:, :2].T.astype(np.int64) - 1, values)
    return _dense(form, values)


def _read_form(path: Path, file: Iterable[str]) -> _Form:
    """Return what the banner and the size line say; the file stands behind them."""
    lines = enumerate(file, 1)
    _, banner = next(lines, (0, ""))
    # some programs write one % only
    first, *words = banner.lower().split() or [""]
    if first not in ("%%matrixmarket", "%matrixmarket") or len(words) != 4:
        raise InputError(
            f"{path}: cannot be read: not a Matrix Market file; line 1 is "
            "%%MatrixMarket matrix array real general, or alike"
        )
    _, form, field, symmetry = words
    _check_word(path, form, _SIZES)
    _check_word(path, field, _FIELDS)
    _check_word(path, symmetry, _SYMMETRIES)
    number, text = next((one for one in lines if not _is_comment(one[1])), (0, ""))
    size = tuple(int(part) for part in text.split() if part.isdecimal())
    announced = len(text.split()) == len(size) == _SIZES[form]
    if not announced or (form, field) == ("array", "pattern"):
        raise InputError(f"{path}: cannot be read: {text[:40]!r} is not a size")
    if _SYMMETRIES[symmetry] and size[0] != size[1]:
        raise InputError(f"{path}: shape {size[:2]} is not square, yet {symmetry}")
    return _Form(path, form == "coordinate", field, symmetry, size, number)


def _room(form: _Form) -> int:
    """Return how many of the announced lines the file has room for.

    Raises
    ------
    TooLargeError
        These take more memory than is allowed.
    """
    size = form.path.stat().st_size
    size *= DEFLATED if form.path.suffix == ".gz" else 1
    lines = min(form.lines, size // 2)  # a digit and the end of the line
    ask(form.path, _BYTES * lines * form.columns)
    return lines


def _is_comment(line: str) -> bool:
    return line.strip("\n\r\t ")[:1] in ("", "%")


def _check_word(path: Path, word: str, allowed: Iterable[str]) -> None:
    if word not in allowed:
        raise InputError(
            f"{path}: cannot be read: {word[:40]!r} is unknown; "
            f"{listed(allowed)} can be read"
        )


def _fits(table: Any, form: _Form) -> bool:
    """Return whether the entries are as many as the file says, with valid indices."""
    if form.lines == 0 or table.shape != (form.lines, form.columns):
        return bool(table.size == form.lines == 0)
    indices = table[:, : form.indices]
    inside = (indices >= 1.0) & (indices <= form.size[: form.indices])
    return bool(inside.all() and (indices == np.trunc(indices)).all())


def _read_slowly(form: _Form) -> Any:
    """Return the entries line by line; raise with the first line that is wrong."""
    values: list[float] = []
    lines = _lines(form)
    for entry, (number, fields) in enumerate(lines):
        numbers = [parse_number(field) for field in fields]
        problem = _problem(form, entry, fields, numbers)
        if problem:
            is_last = len(fields) < form.columns and next(lines, None) is None
            ends = "; the file ends early" if is_last else ""
            raise InputError(f"{form.path}: line {number} {problem}{ends}")
        values += [number for number in numbers if isinstance(number, float)]
    entries = len(values) // form.columns
    if entries < form.lines:
        raise InputError(
            f"{form.path}: the file ends early: {entries} of "
            f"{counted(form.lines, 'line')} of entries"
        )
    return np.array(values)


def _lines(form: _Form) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the fields of each line of entries."""
    with open_text(form.path) as file:
        for number, text in enumerate(file, 1):
            if number > form.line and not _is_comment(text):
                yield number, text.partition("%")[0].split()


def _problem(form: _Form, entry: int, fields: list[str], numbers: list[Any]) -> str:
    """Return what is wrong with a line of entries, empty if nothing is."""
    if entry == form.lines:
        needed = counted(form.lines, "line")
        return f"is one too many: line {form.line} announces {needed} of entries"
    if len(fields) != form.columns:
        return f"has {counted(len(fields), 'number')} instead of {form.columns}"
    for field, number in zip(fields, numbers, strict=True):
        if not isinstance(number, float):
            return f"holds {field[:40]!r}, which is not a number"
    for index, length in zip(numbers[: form.indices], form.size, strict=False):
        if index < 1:
            return f"has the index {index:g}; indices begin at 1"
        if not index <= length or index != int(index):
            return f"has the index {index:g}; it must be a whole number up to {length}"
    return ""


def _sparse(form: _Form, indices: Any, values: Any) -> Any:
    """Return the sparse matrix of entries at indices (2, n) from 0."""
    from scipy.sparse import coo_array

    i, j = indices
    if form.mirror:
        _refuse_both_triangles(form, i, j)
        mirrored = i != j
        i, j = np.r_[i, j[mirrored]], np.r_[j, i[mirrored]]
        values = np.r_[values, _mirrored(form, values[mirrored])]
    return coo_array((values, (i, j)), form.size[:2])


def _refuse_both_triangles(form: _Form, i: Any, j: Any) -> None:
    """Raise if an entry and its mirror image are both listed: they would be added."""
    rows = form.size[0]
    if rows > _MOST_ROWS:
        raise InputError(f"{form.path}: {rows} rows are too many")
    keys = np.maximum(i, j) * rows + np.minimum(i, j)
    for key in np.intersect1d(keys[i < j], keys[i > j])[:1]:
        row, column = divmod(int(key), rows)
        raise InputError(
            f"{form.path}: lists both ({row + 1}, {column + 1}) and ({column + 1}, "
            f"{row + 1}), yet is {form.symmetry}; list one of them, or write general"
        )


def _mirrored(form: _Form, values: Any) -> Any:
    values = form.mirror * values
    return values.conj() if form.symmetry == "hermitian" else values


def _dense(form: _Form, values: Any) -> Any:
    """Return the dense matrix of values in column-major order."""
    rows, columns = form.size
    if not form.mirror:
        return values.reshape((columns, rows)).T
    matrix = np.zeros((rows, columns), dtype=values.dtype)
    # the lower triangle, column by column
    j, i = np.triu_indices(rows, 1 if form.mirror < 0 else 0)
    matrix[j, i] = _mirrored(form, values)
    matrix[i, j] = values
    return matrix
