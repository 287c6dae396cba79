"""A spectrum's modes through time: loss and distance at recorded iterations."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from ..arithmetic.memory import page_aligned
from ..backends.select import choose_backend
from ..backends.threads import choose_threads, on_threads
from ..backends.ufuncs import BoundMethod, heavy_ball
from ..errors import InputError
from ..spectra.spectrum import Spectrum
from ..typing import Floats
from . import record_kernels
from .ensemble import Ensemble, Recurrences, recurrences
from .trajectory import Trajectory, recorded, trajectory

Keep = Callable[[Floats], object]
# sums that are kept at a time
_PIECE = 2**20


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
    """Return the loss and the distance of a spectrum's modes through time, from rest.

    w_{t+1} = T w_t − D w_{t−1} for each mode [Eq. 28], in the form of [Eq. 2]. Between
    recorded iterations of fixed parameters modes jump, so that the cost is that of the
    recorded ones.

    Parameters
    ----------
    spectrum : curvatures, weights and displacements
    eps, p : learning rate and momentum; for the heavy ball each may be a schedule, one
        value for each of the steps
    steps : how many iterations
    record : which of them are recorded, see `recorded`
    method : with or without leading parameters bound, as `qhm(nu=0.7)`
    modes : keep w of each mode too; or a function that is handed each recorded state
        w, (n,), in order, and has to copy what it keeps
    threads, backend : as for `sweep`; they change no bit
    **parameters : of the method, beside eps and p

    Raises
    ------
    InputError
        A parameter is missing, unknown or not finite, a schedule has another length
        than steps, or the method takes none.
    """
    choose_backend(backend)
    times = recorded(record, steps)
    values = method.values({"eps": eps, "p": p, **parameters})
    _check_schedules(method, values, steps)
    if any(value.ndim for value in values.values()):
        states = _by_schedule(spectrum, values, steps, times, threads, backend)
    elif not modes and _are_even(times):
        return _evenly(spectrum, method, values, times, threads)
    else:
        states = _one_by_one(spectrum, method, values, times, threads)
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
            raise InputError("only the heavy ball follows a schedule", name)


def _are_even(times: npt.NDArray[np.int64]) -> bool:
    """Tell whether more than two times are 0, m, 2m and so on."""
    return times.size > 2 and not times[0] and not np.diff(times, 2).any()


class _Sums:
    """Loss and distance of a state, added up in a fixed order."""

    def __init__(self, spectrum: Spectrum, threads: int) -> None:
        coefficients = np.asarray(spectrum.weights) * np.asarray(spectrum.displacement)
        self.coefficients, self.slopes = (
            page_aligned(coefficients),
            page_aligned(coefficients * spectrum.k),
        )
        # what counts nowhere stays where nothing of it overflows
        self.counts = coefficients > 0.0
        self.nothing = page_aligned(np.zeros(self.coefficients.size))
        self.blocks = -(-self.coefficients.size // record_kernels.BLOCK)
        self.threads = threads

    def of(self, w: Floats) -> Floats:
        """Return Σ slopes·w² and Σ shares·w²."""
        state, still = (
            page_aligned(np.where(self.counts, w, 0.0)),
            page_aligned(self.nothing),
        )
        total: Floats = self.moving(self.nothing, self.nothing, state, still, 1)[0]
        return total

    def moving(
        self,
        one_minus_T_plus_D: Floats,
        determinant: Floats,
        w: Floats,
        last: Floats,
        count: int,
    ) -> Floats:
        """Move w and last by so many steps, and return both sums behind each."""
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
        # one after the other, unlike sum()
        with np.errstate(invalid="ignore"):
            total: Floats = np.cumsum(sums, axis=1)[:, -1]
        return total


def _evenly(
    spectrum: Spectrum,
    method: BoundMethod,
    values: dict[str, Floats],
    times: npt.NDArray[np.int64],
    threads: int | None,
) -> Trajectory:
    by = _recurrences(spectrum, method, values, int(times[1]), threads)
    sums = _Sums(spectrum, choose_threads(threads))
    w = page_aligned(np.where(sums.counts, by.first, 0.0))
    last = page_aligned(np.where(sums.counts, by.step, 0.0))
    rows = [sums.of(np.ones(len(spectrum)))[None], sums.of(by.first)[None]]
    left, piece = times.size - 2, max(1, _PIECE // sums.blocks)
    while left:
        count = min(left, piece)
        rows.append(sums.moving(by.one_minus_T_plus_D, by.determinant, w, last, count))
        left -= count
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


def _one_by_one(
    spectrum: Spectrum,
    method: BoundMethod,
    values: dict[str, Floats],
    times: npt.NDArray[np.int64],
    threads: int | None,
) -> Iterator[Floats]:
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
    ensemble = Ensemble(len(spectrum), threads, backend)
    eps, p = (np.broadcast_to(values[name], steps) for name in ("eps", "p"))
    for t in times.tolist():
        if t > ensemble.t:
            ensemble.follow(spectrum.k, eps[ensemble.t : t], p[ensemble.t : t])
        yield ensemble.w
