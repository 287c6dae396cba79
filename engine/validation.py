"""Checks of arguments: real numbers, finite numbers, whole numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import InputError
from .typing import Floats


def real(values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return the values as an array of a real type.

    Complex numbers whose imaginary parts are all exactly 0 are real numbers.

    Raises
    ------
    InputError
        The rows differ in length, or values are masked or not real numbers.
    """
    if np.ma.is_masked(values):
        raise InputError("values are masked; fill them in, or leave them out")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(
            "rows differ in length; a rectangular array of real numbers is needed"
        ) from error
    if array.dtype.kind == "c":
        return _real_parts(array)
    if array.dtype.kind not in "fiub":
        raise InputError(f"holds {array.dtype}, real numbers are needed")
    return array


def _real_parts(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the real parts, or raise InputError with the largest imaginary part."""
    imaginary = array.imag.ravel()
    if imaginary.any():
        largest = imaginary[np.argmax(np.abs(imaginary))]
        raise InputError(
            f"holds {array.dtype}, real numbers are needed; the largest imaginary part "
            f"is {largest:.6g}; take the real parts if that is rounding"
        )
    return array.real


def finite(name: str, values: npt.ArrayLike) -> Floats:
    """Return the values as an array of float64.

    Parameters
    ----------
    name : the parameter, for the error
    values : finite real numbers

    Raises
    ------
    InputError
        A value is not real or not finite.
    """
    with about(name):
        array = np.asarray(real(values), dtype=np.float64)
    bad = array[~np.isfinite(array)]
    if bad.size:
        raise InputError(f"{bad[0]} given; finite numbers are needed", name)
    return array


def vector(name: str, values: npt.ArrayLike) -> Floats:
    """Return the values as a read-only vector of float64.

    Parameters
    ----------
    name : the parameter, for the error
    values : (n,) finite real numbers, n ≥ 1

    Raises
    ------
    InputError
        The values are not as above.
    """
    with about(name):
        array = np.array(real(values), dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise InputError(
            f"shape {array.shape}; a vector of at least 1 value is needed", name
        )
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise InputError(f"value {bad[0]} is {array[bad[0]]}, not finite", name)
    array.flags.writeable = False
    return array


def whole_number(name: str, value: Any, least: int = 1, most: float = math.inf) -> int:
    """Return the value as an int.

    Parameters
    ----------
    name : the parameter, for the error
    value : a Python or NumPy integer in [least, most]
    least, most : limits, included

    Raises
    ------
    InputError
        The value is not an integer, or out of range.
    """
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not (is_whole and least <= value <= most):
        allowed = f"≥ {least}" if most == math.inf else f"from {least} to {most}"
        raise InputError(f"{value} given; a whole number {allowed} is needed", name)
    return int(value)


def instance(name: str, value: object, kind: type, source: str) -> None:
    """Raise InputError if the value is not of a class.

    Parameters
    ----------
    name : the parameter, for the error
    value : of any type
    kind : the class that is needed
    source : where one comes from
    """
    if not isinstance(value, kind):
        needed = kind.__name__
        raise InputError(f"{value!r:.60} given; a {needed} is needed: {source}", name)


def names_in(names: str | Sequence[str]) -> tuple[str, ...]:
    """Return one name, or several, as a tuple."""
    return (names,) if isinstance(names, str) else tuple(names)


@contextmanager
def about(parameter: str) -> Iterator[None]:
    """Set the parameter of an InputError that is raised in the block."""
    try:
        yield
    except InputError as error:
        if error.parameter:
            error.message = f"{error.parameter}: {error.message}"
        error.parameter = parameter
        raise
