"""Syntax of schedules: `0.1`, `0.1,0.2,…`, `@file.npy`, `cyclic:…`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from critdamp.engine.errors import InputError
from critdamp.engine.simulation.schedule import Cyclic

from .matrix_files import read_vector
from .text import counted, parse_number


def read_schedule(text: str, steps: int, folder: Path = Path()) -> Any:
    """Return a number, an array (steps,) with a value for each step, or `Cyclic` ones.

    Parameters
    ----------
    text : `0.1`, `0.1,0.2,…` or `@file.npy` with a value for each step, or
        `cyclic:0.1,0.2`, whose values repeat
    steps : number of steps
    folder : folder of a relative @file

    Raises
    ------
    InputError
        The text has another form, or the number of values differs.
    """
    if text.startswith("@"):
        values = np.asarray(read_vector(folder / text[1:]), dtype=np.float64)
    else:
        parts = text.removeprefix("cyclic:").split(",")
        numbers = [parse_number(part) for part in parts]
        if not all(isinstance(number, float) for number in numbers):
            raise InputError(
                f"{text!r}: write a number, a list, @FILE.npy, or cyclic:LIST"
            )
        values = np.array(numbers, dtype=np.float64)
    if text.startswith("cyclic:"):
        return Cyclic(values)
    if values.size == 1 and not text.startswith("@"):
        return float(values[0])
    if values.size != steps:
        raise InputError(
            f"{counted(values.size, 'value')} for {counted(steps, 'step')}; "
            "cyclic:… repeats"
        )
    return values
