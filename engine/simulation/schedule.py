"""Schedules: values of a parameter for each step, of which parts are in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..display import Shown
from ..typing import Floats
from ..validation import vector


@dataclass(frozen=True, eq=False, repr=False)
class Cyclic(Shown):
    """A schedule whose values repeat, in the memory of one period.

    Attributes
    ----------
    values : (m,) finite numbers of the first m steps, and again of the next m

    Raises
    ------
    InputError
        The values are not as above.
    """

    values: Floats

    def __post_init__(self) -> None:
        """Check the values."""
        object.__setattr__(self, "values", vector("values", self.values))


def part(values: Floats, start: int, stop: int) -> Floats:
    """Return the values (stop − start,) of steps from `start` on, counted from 0.

    Parameters
    ----------
    values : a number, or (m,) values that repeat
    start, stop : first step and the step after the last
    """
    return np.ravel(values)[np.arange(start, stop) % np.size(values)]
