"""What a quantity is: a scalar function of a recurrence, and what is known of it.

To add a quantity, write a file here with one decorated function, and a line in
`registry`. Its NumPy ufunc, its kernels, its variable in files, its `--quantity` choice
and its line in `inspect` follow.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from ..arithmetic.jit import jit

# stands in codes where nothing was computed, as NaN does in floats
NOT_COMPUTED = np.int8(-128)
_LARGEST = sys.float_info.max


@dataclass(frozen=True, eq=False, kw_only=True)
class MapQuantity:
    """What files and commands know of any quantity.

    Attributes
    ----------
    name : as in options and files
    long_name, units, comment : for files; the comment explains special values
    dtype : of the stored array
    best : which end of the range is good, if any is
    narrow : whether it may be stored as float32
    converges : the least and the largest value of a point that converges
    flags : value → meaning, for codes
    positive_only : whether it has no meaning for a spectrum with a negative curvature
    counted : the long name with «{}» where the name takes a number of iterations, as in
        loss_after:100
    over_all_modes : whether a value is computed from all modes of a spectrum
    """

    name: str
    long_name: str
    units: str = "1"
    comment: str = ""
    dtype: str = "float64"
    best: Literal["min", "max"] | None = None
    narrow: bool = True
    converges: tuple[float, float] = (-_LARGEST, _LARGEST)
    flags: Mapping[int, str] = field(default_factory=dict)
    positive_only: bool = True
    counted: str = ""
    over_all_modes: ClassVar[bool] = False

    @property
    def shown(self) -> str:
        """Return the name as people write it, with an N where it takes a number."""
        return f"{self.name}:N" if self.counted else self.name


@dataclass(frozen=True, eq=False, kw_only=True)
class Quantity(MapQuantity):
    """A quantity of one mode.

    Attributes
    ----------
    kernel : (Recurrence) → number, or (Recurrence, tol) → number
    needs_tol : whether the kernel takes a tolerance
    worst : which end of the range is the worst over a spectrum, where the worst mode is
        the first or the last of the positive ones
    streams : whether its quick kernel is as fast as memory
    quick : a kernel that returns the same or, where it is in doubt, NOT_COMPUTED or NaN
    between : a kernel of two recurrences, for codes: what it returns holds at both and
        for all values of the last parameter between, or is NOT_COMPUTED
    """

    kernel: Callable[..., Any]
    needs_tol: bool = False
    worst: Literal["min", "max"] | None = None
    streams: bool = False
    quick: Callable[..., Any] | None = None
    between: Callable[..., Any] | None = None


def quantity(**known: Any) -> Callable[[Callable[..., Any]], Quantity]:
    """Return a decorator: it compiles a scalar function and makes a quantity of it."""

    def make(function: Callable[..., Any]) -> Quantity:
        return Quantity(name=function.__name__, kernel=jit(function), **known)

    return make
