"""Arrays of real numbers, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import InputError


def real(values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return an array, refuse one of anything but real numbers."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError("rows differ in length; real numbers are needed") from error
    if array.dtype.kind not in "fiub":
        raise InputError(f"holds {array.dtype}, real numbers are needed")
    return array


def _count(name: str, value: int, least: int = 1) -> int:
    if not (isinstance(value, int | np.integer) and value >= least):
        raise InputError(f"{name}: {value} given, a whole number from {least} on works")
    return int(value)
