"""Simulation of a spectrum: loss and distance at recorded iterations."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
from .ensemble import Ensemble, Recurrences, recurrences
from .trajectory import Trajectory, recorded, trajectory

# called with w of each mode, (n,), at each recorded iteration
Keep = Callable[[Floats], object]
# largest number of partial sums in memory
_MOST_SUMS = 2**20


def simulate(
    spectrum: Spectrum,
    eps: npt.ArrayLike | None = None,
    p: npt.ArrayLike | None = None,
    steps: int = 1000,
    *,
    record: str | npt.ArrayLike = "every:1",
    method: BoundMethod = heavy_ball,
    modes: bool | Keep = False,
    threads: int | None = None,
    backend: str = "auto",
    **parameters: npt.ArrayLike,
) -> Trajectory:
    """Return the loss and the distance of a spectrum over time, from rest.

    w_{t+1} = T w_t − D w_{t−1} for each mode [Eq. 28], in the form of [Eq. 2]. With
    constant parameters the cost depends on the number of recorded iterations only: a
    power of the matrix of one step gives the next recorded state.

    Parameters
    ----------
    spectrum : curvatures, weights and displacements
    eps, p : learning rate and momentum: numbers, for the heavy ball also schedules,
        (steps,)
    steps : number of iterations, from 1 to 2³⁰
    record : recorded iterations, see `recorded`
    method : optionally with leading parameters bound, as `qhm(nu=0.7)`
    modes : True to return w of each mode too; or a function called with each recorded
        w, (n,), in order; it must copy values that it keeps
    threads, backend : as for `sweep`; the bits do not depend on them
    **parameters : further parameters of the method

    Raises
    ------
    InputError
        A parameter is missing, unknown or not finite, the length of a schedule is not
        `steps`, or the method does not allow schedules.
    """
    choose_backend(backend)
    times = recorded(record, steps)
    require_spectrum(spectrum)
    require_method(method)
    values = method.values({"eps": eps, "p": p, **parameters})
    _check_schedules(method, values, steps)
    if any(value.ndim for value in values.values()):
        states = _by_schedule(spectrum, values, steps, times, threads, backend)
    elif not modes and _are_multiples(times):
        return _at_multiples(spectrum, method, values, times, threads)
    else:
        states = _at_each_time(spectrum, method, values, times, threads)
    sums = _Sums(spectrum, choose_threads(threads))
    rows: list[Floats] = []
    kept: list[Floats] = []
    keep = modes if callable(modes) else lambda w: kept.append(np.array(w))
    for w in states:
        rows.append(sums.of(w))
        if modes:
            keep(w)
    return trajectory(times, np.array(rows), np.array(kept) if kept else None)


def _check_schedules(
    method: BoundMethod, values: dict[str, Floats], steps: int
) -> None:
    for name, value in values.items():
        if value.ndim and value.shape != (steps,):
            raise InputError(f"{value.size} values for {steps} steps", name)
        if value.ndim and method.method is not heavy_ball.method:
            raise InputError(
                f"{method.method.name} allows no schedule, only heavy_ball does", name
            )


def _are_multiples(times: npt.NDArray[np.int64]) -> bool:
    """Return whether the times are 0, m, 2m, …, at least three of them."""
    return times.size > 2 and not times[0] and not np.diff(times, 2).any()


class _Sums:
    """Σ slopes·w² and Σ coefficients·w² over modes, in a fixed order of summation."""

    def __init__(self, spectrum: Spectrum, threads: int) -> None:
        coefficients = np.asarray(spectrum.weights) * np.asarray(spectrum.displacement)
        self.coefficients, self.slopes = (
            page_aligned(coefficients),
            page_aligned(coefficients * spectrum.k),
        )
        # modes with coefficient 0 are kept at w = 0, so that they cannot overflow
        self.counts = coefficients > 0.0
        self.zeros = page_aligned(np.zeros(self.coefficients.size))
        self.blocks = -(-self.coefficients.size // record_kernels.BLOCK)
        self.threads = threads

    def of(self, w: Floats) -> Floats:
        """Return both sums of a state w, (2,)."""
        state = page_aligned(np.where(self.counts, w, 0.0))
        last = page_aligned(self.zeros)
        total: Floats = self.moving(self.zeros, self.zeros, state, last, 1)[0]
        return total

    def moving(
        self,
        one_minus_T_plus_D: Floats,
        determinant: Floats,
        w: Floats,
        last: Floats,
        count: int,
    ) -> Floats:
        """Advance w and last by `count` steps; return the sums of each, (count, 2)."""
        sums = np.empty((count, self.blocks, 2))
        with on_threads(self.threads):
            record_kernels.record(
                one_minus_T_plus_D,
                determinant,
                self.slopes,
                self.coefficients,
                w,
                last,
                sums,
            )
        # cumsum adds in order, unlike sum
        with np.errstate(invalid="ignore"):
            total: Floats = np.cumsum(sums, axis=1)[:, -1]
        return total


def _at_multiples(
    spectrum: Spectrum,
    method: BoundMethod,
    values: dict[str, Floats],
    times: npt.NDArray[np.int64],
    threads: int | None,
) -> Trajectory:
    """Return the trajectory at 0, m, 2m, …, advanced by strides of m."""
    by = _recurrences(spectrum, method, values, int(times[1]), threads)
    sums = _Sums(spectrum, choose_threads(threads))
    w = page_aligned(np.where(sums.counts, by.first, 0.0))
    last = page_aligned(np.where(sums.counts, by.step, 0.0))
    rows = [sums.of(np.ones(len(spectrum)))[None], sums.of(by.first)[None]]
    remaining, most = times.size - 2, max(1, _MOST_SUMS // sums.blocks)
    while remaining:
        count = min(remaining, most)
        rows.append(sums.moving(by.one_minus_T_plus_D, by.determinant, w, last, count))
        remaining -= count
    return trajectory(times, np.concatenate(rows), None)


def _recurrences(
    spectrum: Spectrum,
    method: BoundMethod,
    values: dict[str, Floats],
    stride: int,
    threads: int | None,
) -> Recurrences:
    parameters = tuple(map(float, values.values()))
    return recurrences(method.method, parameters, spectrum.k, stride, threads)


def _at_each_time(
    spectrum: Spectrum,
    method: BoundMethod,
    values: dict[str, Floats],
    times: npt.NDArray[np.int64],
    threads: int | None,
) -> Iterator[Floats]:
    """Yield w at each time, by a power of the matrix of one step."""
    for t in times.tolist():
        if t:
            yield _recurrences(spectrum, method, values, t, threads).first
        else:
            yield np.ones(len(spectrum))


def _by_schedule(
    spectrum: Spectrum,
    values: dict[str, Floats],
    steps: int,
    times: npt.NDArray[np.int64],
    threads: int | None,
    backend: str,
) -> Iterator[Floats]:
    """Yield w at each time of a schedule; the array is reused."""
    ensemble = Ensemble(len(spectrum), threads, backend)
    eps, p = (np.broadcast_to(values[name], steps) for name in ("eps", "p"))
    for t in times.tolist():
        if t > ensemble.t:
            ensemble.follow(spectrum.k, eps[ensemble.t : t], p[ensemble.t : t])
        yield ensemble.w
