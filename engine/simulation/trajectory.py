"""Trajectories: what is recorded of a spectrum's modes through time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..modes.powers import LONGEST
from ..typing import Floats
from ..validation import whole_number

_MOST_TIMES = 10**8


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What a spectrum's modes do at recorded iterations.

    Attributes
    ----------
    times : (r,) iterations, increasing
    loss : (r,) ½ Σ weight · displacement · k w²
    distance : (r,) √(Σ weight · displacement · w²)
    modes : (r, n) w of each mode, or None
    diverged_at : the first recorded iteration at which the loss is no finite number,
        None if there is none; from there on it is inf
    """

    times: npt.NDArray[np.int64]
    loss: Floats
    distance: Floats
    modes: Floats | None
    diverged_at: int | None


def recorded(record: str | npt.ArrayLike, steps: int) -> npt.NDArray[np.int64]:
    """Return the iterations that are recorded.

    Parameters
    ----------
    record : "every:M" for 0, M, 2M, …; "log:N" for 0 and at most N to the last one; or
        whole numbers from 0 to steps, increasing
    steps : the last iteration that may be recorded, at least 1

    Raises
    ------
    InputError
        It is none of these.
    """
    steps = whole_number("steps", steps, 1, LONGEST)
    if not isinstance(record, str):
        times = np.array(record).ravel()
        whole = times.dtype.kind in "iu" and times.size > 0
        times = times.astype(np.int64) if whole else times
        if not (
            whole and (np.diff(times) > 0).all() and 0 <= times[0] <= times[-1] <= steps
        ):
            raise InputError(
                f"whole numbers from 0 to {steps}, increasing, are needed", "record"
            )
        return times.astype(np.int64)
    way, _, text = record.partition(":")
    known = way in ("every", "log") and text.isdecimal() and len(text) < 20
    if not known or not int(text):
        raise InputError(f"{record!r}; write every:M, log:N, or iterations", "record")
    if way == "log":
        many = min(int(text), steps, _MOST_TIMES)
        spaced = np.geomspace(steps, 1, many).round().astype(np.int64)
        return np.unique(np.concatenate([[0], spaced]))
    if steps // int(text) >= _MOST_TIMES:
        raise InputError(f"{record!r} are more than {_MOST_TIMES:,} times", "record")
    return np.arange(0, steps + 1, int(text), dtype=np.int64)


def trajectory(
    times: npt.NDArray[np.int64], sums: Floats, modes: Floats | None
) -> Trajectory:
    """Return a trajectory from Σ slopes·w² and Σ coefficients·w², (r, 2)."""
    wrong = np.flatnonzero(~np.isfinite(sums).all(axis=1))
    if wrong.size:
        sums[wrong[0] :] = np.inf
    at = int(times[wrong[0]]) if wrong.size else None
    return Trajectory(times, 0.5 * sums[:, 0], np.sqrt(sums[:, 1]), modes, at)
