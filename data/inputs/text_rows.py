"""Rows of numbers in text files: separators, comments, and what is not a number."""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np

from critdamp.engine.errors import InputError
from critdamp.engine.typing import Floats

from ..storage.memory_budget import Budget
from .text import counted, parse_number

# separators in the order in which line 1 is searched for them; else blanks separate
_SEPARATORS = ";\t,"
# bytes that a number takes, and a character of a long line, as fields and numbers
_NUMBER, _FIELD, _LONG = 16, 64, 2**20
_QUOTED = re.compile(r'"[^"]*"')
_WITH_COMMA = re.compile(r"[+-]?\d+(,\d+)+([eE][+-]?\d+)?")
MISSING = frozenset({"na", "n/a", "nan", "null", "none", "-", "?", "."})


class Row(NamedTuple):
    """The number of a line, from 1, and its fields."""

    line: int
    fields: list[str]


class Numbers(NamedTuple):
    """Numbers (rows, columns), and how many of each column are whole as written."""

    values: Floats
    whole: list[int]


class FieldError(InputError):
    """A field is blank, or not a number.

    Parameters
    ----------
    line, column : where it is, from 1
    problem : what it is, and what to do
    """

    def __init__(self, line: int, column: int, problem: str) -> None:
        super().__init__(f"line {line}, column {column} {problem}")
        self.column = column


def read_rows(file: Iterable[str], budget: Budget) -> Iterator[Row]:
    """Yield the lines that have fields; # begins a comment.

    Fields stand between semicolons, tabs, commas or blanks: the first of these that
    line 1 has.

    Parameters
    ----------
    file : lines of text
    budget : what may be taken for the file

    Raises
    ------
    TooLargeError
        The numbers of all fields, or the fields of a line, take more memory.
    """

    def bare_line(line: str) -> str:
        if len(line) > _LONG:
            budget.check(_FIELD * len(line))
        return _without_comment(line)

    lines: Iterator[str] = map(bare_line, file)
    skipped, text = next(((n, text) for n, text in enumerate(lines) if text), (0, ""))
    bare = _QUOTED.sub("", text)
    separator = next((mark for mark in _SEPARATORS if mark in bare), " ")
    lines = chain([text], lines)
    if separator == " ":
        lines = (" ".join(line.split()) for line in lines)
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    for fields in reader:
        if fields:
            budget.take(_NUMBER * len(fields), more=True)
            yield Row(skipped + reader.line_num, [field.strip() for field in fields])


def _without_comment(line: str) -> str:
    return line.partition("#")[0].strip(" \r\n\f\v")  # a tab may follow a blank field


def numbers_of(rows: Iterable[Row], start: int = 0) -> Numbers:
    """Return the numbers of rows.

    Parameters
    ----------
    rows : lines with equal numbers of fields
    start : number of fields at the start of each line that are left out

    Raises
    ------
    InputError
        The rows differ in length, or a number is not real.
    FieldError
        A field is blank, or not a number.
    """
    width, values = 0, array("d")
    whole: list[int] = []
    largest, place = 0.0, 0
    for row in rows:
        fields = row.fields[start:]
        if not width:
            width, whole = len(row.fields), [0] * len(fields)
        if len(row.fields) != width:
            here = counted(len(row.fields), "field")
            raise InputError(f"line {row.line} has {here}, the lines above {width}")
        numbers = parse_row(row, start)
        part = max((n.imag for n in numbers if type(n) is complex), key=abs, default=0)
        if abs(part) > abs(largest):
            largest, place = part, row.line
        values.extend(number.real for number in numbers)
        whole = [n + field.isdigit() for n, field in zip(whole, fields, strict=True)]
    if place:
        raise InputError(
            f"line {place} has the imaginary part {largest:.6g}, the largest one; real "
            "numbers are needed; take the real parts if that is rounding"
        )
    matrix = np.array(values)
    return Numbers(matrix.reshape(-1, max(width - start, 1)), whole)


def parse_row(row: Row, start: int = 0) -> list[float | complex]:
    """Return the numbers of a line from field `start` on.

    Raises
    ------
    FieldError
        A field is blank, or not a number.
    """
    numbers = []
    for column, field in enumerate(row.fields[start:], start):
        number = parse_number(field)
        if number is None:
            raise _not_a_number(row, column)
        numbers.append(number)
    return numbers


def _not_a_number(row: Row, column: int) -> FieldError:
    field = row.fields[column]
    if not field:
        problem = "is blank; fill it in, or leave the row out"
    elif field.lower() in MISSING:
        problem = f"is {field!r}; fill it in, or leave the row out"
    elif _WITH_COMMA.fullmatch(field):
        problem = f"is {field!r}; write 1.5 or 1000, without a comma"
    else:
        problem = f"is {field[:40]!r}, which is not a number"
    return FieldError(row.line, column + 1, problem)
