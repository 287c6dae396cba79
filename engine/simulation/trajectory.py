"""Trajectories: loss and distance of a spectrum at recorded iterations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..display import Shown
from ..errors import InputError
from ..modes.powers import LONGEST
from ..typing import Floats
from ..validation import whole_number

# largest number of recorded iterations
_MOST_TIMES = 10**8


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory(Shown):
    """Loss, distance and modes of a spectrum at recorded iterations.

    Attributes
    ----------
    times : (r,) iterations, increasing
    loss : (r,) ½ Σ weight · displacement · k w²
    distance : (r,) √(Σ weight · displacement · w²)
    modes : (r, n) w of each mode, or None
    diverged_at : first recorded iteration with a loss or distance that is not finite,
        None if there is none; from it on, loss and distance are inf
    """

    times: npt.NDArray[np.int64]
    loss: Floats
    distance: Floats
    modes: Floats | None
    diverged_at: int | None


def recorded(record: str | npt.ArrayLike, steps: int) -> npt.NDArray[np.int64]:
    """Return the recorded iterations, increasing, int64.

    Parameters
    ----------
    record : "every:M" for 0, M, 2M, …; "log:N" for 0 and at most N logarithmically
        spaced iterations up to `steps`; or increasing whole numbers from 0 to `steps`
    steps : last iteration, from 1 to 2³⁰

    Raises
    ------
    InputError
        An argument is not as above, or there are more than 10⁸ iterations.
    """
    steps = whole_number("steps", steps, 1, LONGEST)
    if not isinstance(record, str):
        return _listed(record, steps)
    spacing, _, text = record.partition(":")
    valid = spacing in ("every", "log") and text.isdecimal() and len(text) < 20
    if not valid or not int(text):
        raise InputError(
            f"{record!r} given; write every:M, log:N, or iterations", "record"
        )
    if spacing == "log":
        count = min(int(text), steps, _MOST_TIMES)
        spaced = np.geomspace(steps, 1, count).round().astype(np.int64)
        return np.unique(np.concatenate([[0], spaced]))
    if steps // int(text) >= _MOST_TIMES:
        raise InputError(
            f"{record!r} gives more than {_MOST_TIMES:,} iterations", "record"
        )
    return np.arange(0, steps + 1, int(text), dtype=np.int64)


def _listed(record: npt.ArrayLike, steps: int) -> npt.NDArray[np.int64]:
    """Return iterations that were given one by one."""
    times = np.array(record).ravel()
    valid = times.dtype.kind in "iu" and times.size > 0
    times = times.astype(np.int64) if valid else times
    if not (
        valid and (np.diff(times) > 0).all() and 0 <= times[0] <= times[-1] <= steps
    ):
        raise InputError(
            f"increasing whole numbers from 0 to {steps} are needed", "record"
        )
    return times.astype(np.int64)


def trajectory(
    times: npt.NDArray[np.int64], sums: Floats, modes: Floats | None
) -> Trajectory:
    """Return the trajectory of sums Σ slopes·w² and Σ coefficients·w², (r, 2)."""
    diverged = np.flatnonzero(~np.isfinite(sums).all(axis=1))
    if diverged.size:
        sums[diverged[0] :] = np.inf
    diverged_at = int(times[diverged[0]]) if diverged.size else None
    return Trajectory(times, 0.5 * sums[:, 0], np.sqrt(sums[:, 1]), modes, diverged_at)
