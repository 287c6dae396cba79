"""Checks of what is given: real numbers, whole numbers, and whose they are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import InputError
from .typing import Floats


def real(values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return an array of real numbers.

    Raises
    ------
    InputError
        The rows differ in length, or it holds anything else.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError("rows differ in length; real numbers are needed") from error
    if array.dtype.kind not in "fiub":
        raise InputError(f"holds {array.dtype}, real numbers are needed")
    return array


def finite(name: str, values: npt.ArrayLike) -> Floats:
    """Return finite real numbers as doubles.

    Raises
    ------
    InputError
        One of them is neither; `name` is the parameter that it is about.
    """
    with about(name):
        array = np.asarray(real(values), dtype=np.float64)
    bad = array[~np.isfinite(array)]
    if bad.size:
        raise InputError(f"{bad[0]} given; finite numbers are needed", name)
    return array


def whole_number(name: str, value: Any, least: int = 1, most: float = math.inf) -> int:
    """Return a whole number from `least` to `most`.

    Raises
    ------
    InputError
        It is none; `name` is the parameter that it is about.
    """
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not (is_whole and least <= value <= most):
        to = "on" if most == math.inf else f"to {most}"
        raise InputError(f"{value} given; a whole number from {least} {to} works", name)
    return int(value)


@contextmanager
def about(parameter: str) -> Iterator[None]:
    """Say of an InputError that is raised inside which parameter it is about."""
    try:
        yield
    except InputError as error:
        raise InputError(str(error), parameter) from error
