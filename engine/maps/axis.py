"""Axes: the increasing values of one parameter or of k."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..display import Shown, short
from ..errors import InputError
from ..typing import Floats
from ..validation import real

Scale = Literal["lin", "log", "list"]
MAX_VALUES = 10**7
_LENGTHS = f"an axis has from 1 to {MAX_VALUES:,}"


@dataclass(frozen=True, eq=False, repr=False)
class Axis(Shown):
    """The increasing values of one parameter or of k.

    Parameters
    ----------
    scale : {"lin", "log", "list"}
        Spacing of the values, for viewers.
    values : (n,) float64, finite and strictly increasing, n ≥ 1

    Raises
    ------
    InputError
        The values are empty, not finite or not strictly increasing, or not positive
        if the scale is "log".
    """

    scale: Scale
    values: Floats

    def __post_init__(self) -> None:
        """Check the values and make the array read-only."""
        array = real(self.values)
        if array.size > MAX_VALUES:
            raise InputError(f"{array.size} values: {_LENGTHS}")
        with np.errstate(all="ignore"):  # wider types may overflow; checked below
            values = np.array(array, dtype=np.float64)
        _check_values(values, self.scale)
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    @classmethod
    def lin(cls, start: float, stop: float, num: int) -> Axis:
        """Return an axis of `num` values from start to stop with equal differences."""
        return cls._spaced("lin", start, stop, num)

    @classmethod
    def log(cls, start: float, stop: float, num: int) -> Axis:
        """Return an axis of `num` values from start > 0 to stop with equal ratios."""
        return cls._spaced("log", start, stop, num)

    @classmethod
    def of(cls, values: Axis | float | Sequence[float] | Floats) -> Axis:
        """Return an Axis unchanged, and other values as an axis of scale "list"."""
        if isinstance(values, Axis):
            return values
        if isinstance(values, str):
            raise InputError(f"{values!r} is text; give numbers, Axis.lin or Axis.log")
        return cls("list", np.atleast_1d(values))

    @classmethod
    def _spaced(cls, scale: Scale, start: float, stop: float, num: int) -> Axis:
        if not isinstance(num, int | np.integer):
            raise InputError(f"{num!r} values; a whole number is needed", "num")
        if not 1 <= num <= MAX_VALUES:
            raise InputError(f"{num} values: {_LENGTHS}")
        if num == 1 and start != stop:
            raise InputError(f"1 value cannot reach from {start!r} to {stop!r}")
        if not (math.isfinite(start) and math.isfinite(stop)):
            raise InputError(f"{start!r} to {stop!r}: the ends must be finite")
        if scale == "log" and min(start, stop) <= 0:
            raise InputError(f"{min(start, stop)!r}: a log axis has positive values")
        space = np.geomspace if scale == "log" else np.linspace
        with np.errstate(all="ignore"):  # overflow is detected in _check_values
            return cls(scale, space(start, stop, num))

    def __len__(self) -> int:
        """Return the number of values."""
        return self.values.size

    def __eq__(self, other: object) -> bool:
        """Return whether the scales and the bits of the values are equal."""
        return (
            isinstance(other, Axis)
            and self.scale == other.scale
            and self.values.tobytes() == other.values.tobytes()
        )

    def __hash__(self) -> int:
        """Return a hash that is consistent with equality."""
        return hash((self.scale, self.values.tobytes()))

    def __str__(self) -> str:
        """Return the axis in the syntax of the command line."""
        if len(self) <= 3 and self.scale == "list":
            return ",".join(f"{v:.17g}" for v in self.values)
        first, last = self.values[0], self.values[-1]
        return f"{self.scale}:{first:.17g}:{last:.17g}:{len(self)}"

    @property
    def shown(self) -> str:
        """Return the scale, the number of values and both ends, for people."""
        return f"{self.scale}: {short(self.values)}"

    def nearest(self, value: float) -> int:
        """Return the index of the value of the axis nearest to `value`."""
        above = int(np.searchsorted(self.values, value))
        candidates = range(max(above - 1, 0), min(above + 1, len(self)))
        return min(candidates, key=lambda i: abs(float(self.values[i]) - value))


def _check_values(values: Floats, scale: str) -> None:
    if scale not in ("lin", "log", "list"):
        raise InputError(f"scale {scale!r}: choose lin, log or list")
    if values.ndim != 1 or values.size == 0:
        raise InputError(f"shape {values.shape}: an axis is a list of at least 1 value")
    invalid = np.flatnonzero(~np.isfinite(values))
    if invalid.size:
        raise InputError(
            f"value {invalid[0]} is {values[invalid[0]]}: values must be finite"
        )
    invalid = np.flatnonzero(np.diff(values) <= 0)
    if invalid.size:
        first, second = values[invalid[0]], values[invalid[0] + 1]
        raise InputError(
            f"{second:.17g} follows {first:.17g}: values must increase, each only once"
        )
    if scale == "log" and values[0] <= 0:
        raise InputError(f"{values[0]:.17g}: a log axis has positive values")
