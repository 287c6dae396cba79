"""Tables of numbers in text files, beside names of columns and an index.

Whether line 1 holds names, and the first column an index, is read from the file where
that is certain. Elsewhere the user is asked: a guess may give a wrong matrix.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from critdamp.engine.errors import InputError
from critdamp.engine.typing import Floats

from ..storage.memory_budget import Budget
from .text import counted, open_text, parse_number
from .text_rows import (
    MISSING,
    FieldError,
    Numbers,
    Row,
    numbers_of,
    parse_row,
    read_rows,
)

# a text that begins like a number is no name
_NAME = re.compile(r"(?![+-]?\.?\d).+", re.DOTALL)
# the name of a column without one, also after pandas has read and written it
_UNNAMED = re.compile(r"(Unnamed: \d+)?")
# number of rows from which a column that counts them may be an index
_MANY = 3
_EMPTY = "holds no numbers; at least 1 value is needed"
_NAMES_OR_NUMBERS = (
    "may be names of columns or numbers; say which; # before names, or 1.0 for the "
    "number 1, says it in the file"
)
_INDEX_OR_DATA = "may be an index or data; say which"


@dataclass(frozen=True)
class Layout:
    """What is known of a table.

    Attributes
    ----------
    header : whether line 1 holds names of columns; None to find out
    index : whether the first column is an index, not data; None to find out
    """

    header: bool | None = None
    index: bool | None = None


UNKNOWN = Layout()


class Table(NamedTuple):
    """The numbers of a table, and what of its file is left out.

    Attributes
    ----------
    values : (rows, columns)
    left_out : empty, or text like "header names left out"
    """

    values: Floats
    left_out: str


def read_table(path: Path, layout: Layout = UNKNOWN) -> Table:
    """Return the table of a text file.

    Parameters
    ----------
    path : file with a row on each line, as `text_rows.read_rows` reads it
    layout : what is known of the header and the index

    Raises
    ------
    InputError
        A field is blank or not a number, the rows differ in length, or it is open
        whether line 1 holds names, or the first column an index.
    """
    with open_text(path) as file:
        try:
            return _table(read_rows(file, Budget(path)), layout)
        except InputError as error:
            raise InputError(f"{path}: {error.message}", error.parameter) from error


def _table(rows: Iterator[Row], layout: Layout) -> Table:
    line = next(rows, None)
    if line is None:
        raise InputError(_EMPTY)
    first = Row(line.line, line.fields[1:]) if layout.index else line
    named = _holds_names(first, layout)
    body = _body(line, rows, named, layout)
    if not body.values.size:
        raise InputError(_EMPTY)
    if not named and layout.header is None and _are_like_names(first, body):
        raise InputError(_question(first), "header")
    nameless = named and _first_is_nameless(line, body, layout)
    if layout.index is None and body.values.shape[1] > 1:
        _check_first_column(body, nameless)
    left_out = {"header names": named, "index column": layout.index}
    return Table(
        body.values, ", ".join(f"{k} left out" for k in left_out if left_out[k])
    )


def _holds_names(first: Row, layout: Layout) -> bool:
    """Return whether line 1 holds names; raise if a blank field leaves it open."""
    if layout.header is not None:
        return layout.header
    numbers = [parse_number(field) is not None for field in first.fields]
    if len(numbers) > 1 and first.fields[0] == "" and all(numbers[1:]):
        raise InputError(_question(first), "header")
    is_missing = not MISSING.isdisjoint(field.lower() for field in first.fields)
    is_name = any(map(_NAME.fullmatch, first.fields))
    return is_name and not any(numbers) and not is_missing


def _question(first: Row) -> str:
    text = ",".join(first.fields)
    text = text if len(text) <= 40 else f"{text[:37]}…"
    return f"line {first.line}, {text!r}, {_NAMES_OR_NUMBERS}"


def _body(line: Row, rows: Iterator[Row], named: bool, layout: Layout) -> Numbers:
    """Return the numbers without names, and without an index if there is one."""
    start = int(layout.index or False)
    if not named:
        rows = chain([line], rows)
        if layout.header is None:
            with _asking("header", "or does the line hold names? Say which"):
                parse_row(line, start)
    if layout.index is None:
        with _asking("index", "or is column 1 an index? Say which"):
            return numbers_of(rows)
    return numbers_of(rows, start)


@contextmanager
def _asking(parameter: str, question: str) -> Iterator[None]:
    """Add a question to an error about a field."""
    try:
        yield
    except FieldError as error:
        if parameter == "header" or error.column == 1:
            message = f"{error.message}; {question}"
            raise InputError(message, parameter) from error
        raise


def _are_like_names(first: Row, body: Numbers) -> bool:
    """Return whether line 1 may be names, as the 0, 1, 2, … of pandas.

    These are different whole numbers, which count up or stand above numbers that are
    not written as whole ones. Above one column it is 0, since 1 may be an eigenvalue.
    """
    values, others = body.values[0], len(body.values) - 1
    if not all(field.isdigit() for field in first.fields) or not others:
        return False
    if len(set(values.tolist())) < values.size or _is_symmetric(body.values):
        return False
    if values.size == 1:
        return values[0] == 0.0 and 1 in body.whole
    return _counts(values, 2) or 1 in body.whole


def _first_is_nameless(line: Row, body: Numbers, layout: Layout) -> bool:
    """Return whether names are given to all columns but the first.

    Raises
    ------
    InputError
        The number of names is another.
    """
    names, columns = len(line.fields), body.values.shape[1] + bool(layout.index)
    if names == columns:
        return bool(_UNNAMED.fullmatch(line.fields[0]))
    if names == columns - 1 and layout.index is not False:
        return True  # R gives no name to the column of row names
    raise InputError(
        f"line {line.line} has {counted(names, 'name')} for "
        f"{counted(columns, 'column')}; # before a line makes it a comment"
    )


def _check_first_column(body: Numbers, nameless: bool) -> None:
    """Raise if the first column may be an index."""
    if nameless:
        raise InputError(f"column 1 has no name, it {_INDEX_OR_DATA}", "index")
    column, rows = body.values[:, 0], len(body.values)
    is_whole = body.whole[0] == rows and not _is_symmetric(body.values)
    if is_whole and column[0] in (0, 1) and _counts(column, _MANY):
        ends = f"{column[0]:.0f} to {column[-1]:.0f}"
        raise InputError(
            f"column 1 counts the rows from {ends}, it {_INDEX_OR_DATA}", "index"
        )


def _counts(values: Floats, least: int) -> bool:
    """Return whether there are at least so many values, each 1 above the one before."""
    return values.size >= least and bool(np.all(np.diff(values) == 1.0))


def _is_symmetric(values: Floats) -> bool:
    return values.shape[0] == values.shape[1] and np.array_equal(values, values.T)
