"""Schedules as people write them: `0.1`, `0.1,0.2,…`, `@file.npy`, `cyclic:…`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from critdamp.engine.errors import InputError

from .matrix_files import read_vector


def read_schedule(text: str, steps: int, folder: Path = Path()) -> Any:
    """Return a number, or a value for each step.

    Parameters
    ----------
    text : `0.1`, `0.1,0.2,…` with a value for each step, `@file.npy` likewise, or
        `cyclic:0.1,0.2`, which begins again
    steps : how many are needed
    folder : where a relative @file is looked for

    Raises
    ------
    InputError
        It is none of these, or has another number of values.
    """
    if text.startswith("@"):
        values = np.asarray(read_vector(folder / text[1:]), dtype=np.float64)
    else:
        listed = text.removeprefix("cyclic:").split(",")
        try:
            values = np.array([float(part) for part in listed])
        except ValueError:
            raise InputError(
                f"{text!r}: write a number, a list, @FILE.npy, or cyclic:LIST"
            ) from None
    if text.startswith("cyclic:"):
        return np.resize(values, steps)
    if values.size == 1 and not text.startswith("@"):
        return float(values[0])
    if values.size != steps:
        raise InputError(f"{values.size} values for {steps} steps; cyclic:… repeats")
    return values
