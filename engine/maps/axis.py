"""Axes: sorted values of one parameter, with their spacing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import InputError
from ..typing import Floats
from ..validation import real

Scale = Literal["lin", "log", "list"]
MAX_VALUES = 10**7
_LENGTHS = f"an axis has from 1 to {MAX_VALUES:,}"


@dataclass(frozen=True, eq=False)
class Axis:
    """Sorted values of one parameter.

    Parameters
    ----------
    scale : {"lin", "log", "list"}
        How the values are spaced; it decides how viewers draw the axis.
    values : (n,) float64, finite and strictly increasing, n ≥ 1

    Raises
    ------
    InputError
        The values are empty, not finite, not sorted or not distinct, or not
        positive where the scale is "log".
    """

    scale: Scale
    values: Floats

    def __post_init__(self) -> None:
        """Check and freeze the values."""
        given = real(self.values)
        if given.size > MAX_VALUES:
            raise InputError(f"{given.size} values: {_LENGTHS}")
        with np.errstate(all="ignore"):  # wider numbers may become infinite
            values = np.array(given, dtype=np.float64)
        _check_values(values, self.scale)
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    @classmethod
    def lin(cls, start: float, stop: float, num: int) -> Axis:
        """Return `num` values from start to stop with equal differences."""
        return cls._spaced("lin", start, stop, num)

    @classmethod
    def log(cls, start: float, stop: float, num: int) -> Axis:
        """Return `num` values from start to stop with equal ratios, start > 0."""
        return cls._spaced("log", start, stop, num)

    @classmethod
    def of(cls, values: Axis | float | Sequence[float] | Floats) -> Axis:
        """Return an axis as it is, or make one that lists the given values."""
        if isinstance(values, Axis):
            return values
        return cls("list", np.atleast_1d(values))

    @classmethod
    def _spaced(cls, scale: Scale, start: float, stop: float, num: int) -> Axis:
        if not 1 <= num <= MAX_VALUES:
            raise InputError(f"{num} values: {_LENGTHS}")
        if num == 1 and start != stop:
            raise InputError(f"1 value cannot reach from {start!r} to {stop!r}")
        if not (math.isfinite(start) and math.isfinite(stop)):
            raise InputError(f"{start!r} to {stop!r}: the ends must be finite")
        if scale == "log" and min(start, stop) <= 0:
            raise InputError(f"{min(start, stop)!r}: a log axis has positive values")
        space = np.geomspace if scale == "log" else np.linspace
        with np.errstate(all="ignore"):  # what overflows is refused as not finite
            return cls(scale, space(start, stop, num))

    def __len__(self) -> int:
        """Return the number of values."""
        return self.values.size

    def __eq__(self, other: object) -> bool:
        """Axes are equal if scale and every bit of the values are."""
        return (
            isinstance(other, Axis)
            and self.scale == other.scale
            and self.values.tobytes() == other.values.tobytes()
        )

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash((self.scale, self.values.tobytes()))

    def __str__(self) -> str:
        """Describe the axis in the words of the command line."""
        if len(self) <= 3 and self.scale == "list":
            return ",".join(f"{v:.17g}" for v in self.values)
        first, last = self.values[0], self.values[-1]
        return f"{self.scale}:{first:.17g}:{last:.17g}:{len(self)}"

    def nearest(self, value: float) -> int:
        """Return the index of the value nearest to the given one."""
        above = int(np.searchsorted(self.values, value))
        near = range(max(above - 1, 0), min(above + 1, len(self)))
        return min(near, key=lambda i: abs(float(self.values[i]) - value))


def _check_values(values: Floats, scale: str) -> None:
    if scale not in ("lin", "log", "list"):
        raise InputError(f"scale {scale!r}: choose lin, log or list")
    if values.ndim != 1 or values.size == 0:
        raise InputError(f"shape {values.shape}: an axis is a list of at least 1 value")
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise InputError(f"value {bad[0]} is {values[bad[0]]}: values must be finite")
    bad = np.flatnonzero(np.diff(values) <= 0)
    if bad.size:
        first, second = values[bad[0]], values[bad[0] + 1]
        raise InputError(
            f"{second:.17g} follows {first:.17g}: values must increase, each only once"
        )
    if scale == "log" and values[0] <= 0:
        raise InputError(f"{values[0]:.17g}: a log axis has positive values")
