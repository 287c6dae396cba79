"""Simulation of a spectrum: loss and distance at recorded iterations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from ..arithmetic.memory import page_aligned
from ..backends.select import choose_backend
from ..backends.threads import choose_threads, on_threads
from ..backends.ufuncs import BoundMethod, heavy_ball, require_method
from ..errors import InputError
from ..spectra.spectrum import Spectrum, require_spectrum
from ..typing import Floats
from . import record_kernels
from .anchors import Anchor, Rows, Steps, anchor, anchor_of, steps_of
from .ensemble import Ensemble
from .schedule import Cyclic, part
from .shares import shares_of
from .step_kernels import SPAN
from .trajectory import Trajectory, recorded, trajectory

# called with w of each mode, (n,), at each recorded iteration
Keep = Callable[[Floats], object]
# largest number of partial sums, and of w of modes, in memory
_MOST_SUMS, _MOST_KEPT = 2**20, 2**23
# largest number of steps of a schedule in memory; whole spans, which leaves the bits
_MOST_STEPS = 2**12 * SPAN


def simulate(
    spectrum: Spectrum,
    eps: npt.ArrayLike | Cyclic | None = None,
    p: npt.ArrayLike | Cyclic | None = None,
    steps: int = 1000,
    *,
    record: str | npt.ArrayLike = "every:1",
    method: BoundMethod = heavy_ball,
    modes: bool | Keep = False,
    threads: int | None = None,
    backend: str = "auto",
    **parameters: npt.ArrayLike | Cyclic,
) -> Trajectory:
    """Return the loss and the distance of a spectrum over time, from rest.

    w_{t+1} = T w_t − D w_{t−1} for each mode [Eq. 28], k = 0 for zero modes. With
    constant parameters the cost depends on the number of recorded iterations only: a
    power of the matrix of one step gives the next recorded state, and the error of each
    w is below 1e−12 of its envelope. With a schedule it is about 2⁻⁵² of the larger of
    |w_t| and |w_{t−1}| for each step, carried on.

    Parameters
    ----------
    spectrum : curvatures, weights and displacements
    eps, p : learning rate and momentum: numbers, for the heavy ball also schedules:
        (steps,), or `Cyclic` values, which repeat
    steps : number of iterations, from 1 to 2³⁰
    record : recorded iterations, see `recorded`
    method : optionally with leading parameters bound, as `qhm(nu=0.7)`
    modes : True to return w of each mode too; or a function called with each recorded
        w, (n,), in order; w is inf where it has overflowed
    threads, backend : as for `sweep`; the bits do not depend on them
    **parameters : further parameters of the method

    Raises
    ------
    InputError
        A parameter is missing, unknown or not finite, the length of a schedule is not
        `steps`, or the method is not the heavy ball and a schedule is given.
    """
    choose_backend(backend)
    times = recorded(record, steps)
    require_spectrum(spectrum)
    require_method(method)
    values = _values(method, {"eps": eps, "p": p, **parameters}, steps)
    sums = _Sums(spectrum, choose_threads(threads))
    if any(value.ndim for value in values.values()):
        parts = _by_schedule(sums, values, times, backend)
    elif times.size > 2 and not np.diff(times, 2).any():
        parts = _progression(sums, method, values, times, bool(modes))
    else:
        parts = _at_each_time(sums, method, values, times)
    rows: list[Floats] = []
    kept: list[Floats] = []
    keep = modes if callable(modes) else kept.append
    for some_rows, states in parts:
        rows.append(some_rows)
        for w in states if modes else ():
            keep(np.where(np.isnan(w), np.inf, w))
    return trajectory(times, np.concatenate(rows), np.array(kept) if kept else None)


def _values(
    method: BoundMethod,
    given: Mapping[str, npt.ArrayLike | Cyclic | None],
    steps: int,
) -> dict[str, Floats]:
    """Return parameter → a number, or values that repeat."""
    values = method.values(
        {n: v.values if isinstance(v, Cyclic) else v for n, v in given.items()}
    )
    for name, value in values.items():
        is_cyclic = isinstance(given.get(name), Cyclic)
        if value.ndim and not is_cyclic and value.shape != (steps,):
            raise InputError(f"{value.size} values for {steps} steps", name)
        if value.ndim and method.method is not heavy_ball.method:
            raise InputError(
                f"{value.size} values given; {method.method.name} takes one number, a "
                "schedule is for heavy_ball only",
                name,
            )
    return values


class _Sums:
    """Loss and distance of modes, summed in a fixed order, see `record_kernels`."""

    def __init__(self, spectrum: Spectrum, threads: int) -> None:
        self.k, coefficients = shares_of(spectrum)
        self.shares = page_aligned(coefficients * self.k), page_aligned(coefficients)
        self.blocks = -(-self.k.size // record_kernels.BLOCK)
        self.threads = threads
        self.at_rest = (page_aligned(np.zeros(self.k.size)),) * 3

    def of(self, w: Floats) -> Floats:
        """Return Σ slopes·w² and Σ coefficients·w² of a state w, (1, 2)."""
        return self.of_rows(anchor_of(w), self.at_rest, 1, 1, np.empty((1, 0)))

    def of_rows(
        self, start: Anchor, step: Rows, every: int, several: int, kept: Floats
    ) -> Floats:
        """Return both sums of each row, (rows, 2); see `record`."""
        sums = np.empty((len(kept), self.blocks, 2))
        with on_threads(self.threads):
            record_kernels.record(*start, step, self.shares, every, several, sums, kept)
        # cumsum adds in order, unlike sum
        with np.errstate(invalid="ignore"):
            total: Floats = np.cumsum(sums, axis=1)[:, -1]
        return total


def _progression(
    sums: _Sums,
    method: BoundMethod,
    values: dict[str, Floats],
    times: npt.NDArray[np.int64],
    modes: bool,
) -> Iterator[tuple[Floats, Floats]]:
    """Yield sums and modes of some rows, whose times have the same distance."""
    every, n = int(times[1] - times[0]), sums.k.size
    several = record_kernels.records_of_an_anchor(every)
    several = min(several, max(1, _MOST_KEPT // n))
    steps = _steps(sums, method, values)
    start = anchor(steps, int(times[0]), sums.threads)
    if times.size > several:
        jump = anchor(steps, every * several, sums.threads)
        start = start._replace(matrix=jump.matrix)
    most = _MOST_KEPT // n if modes else _MOST_SUMS // sums.blocks
    most = max(1, most // several) * several
    for first in range(0, times.size, most):
        rows = min(most, times.size - first)
        kept = np.empty((rows, n if modes else 0))
        yield sums.of_rows(start, steps.step, every, several, kept), kept


def _at_each_time(
    sums: _Sums,
    method: BoundMethod,
    values: dict[str, Floats],
    times: npt.NDArray[np.int64],
) -> Iterator[tuple[Floats, Floats]]:
    """Yield sums and modes at each time, by a power of the matrix of one step."""
    steps = _steps(sums, method, values)
    for t in times.tolist():
        w = anchor(steps, t, sums.threads).state[2]
        yield sums.of(w), w[None]


def _steps(sums: _Sums, method: BoundMethod, values: dict[str, Floats]) -> Steps:
    parameters = tuple(map(float, values.values()))
    return steps_of(method.method, parameters, sums.k, sums.threads)


def _by_schedule(
    sums: _Sums,
    values: dict[str, Floats],
    times: npt.NDArray[np.int64],
    backend: str,
) -> Iterator[tuple[Floats, Floats]]:
    """Yield sums and modes at each time of a schedule."""
    ensemble = Ensemble(sums.k.size, sums.threads, backend)
    for t in times.tolist():
        while ensemble.t < t:
            stop = min(ensemble.t + _MOST_STEPS, t)
            eps, p = (part(values[name], ensemble.t, stop) for name in ("eps", "p"))
            ensemble.follow(sums.k, eps, p)
        yield sums.of(ensemble.w), ensemble.w[None].copy()
