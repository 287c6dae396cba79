"""A spectrum's modes through time: loss and distance at recorded iterations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arithmetic.memory import page_aligned
from ..backends.select import choose_backend
from ..backends.threads import choose_threads, on_threads
from ..backends.ufuncs import BoundMethod, heavy_ball
from ..errors import InputError
from ..modes.powers import LONGEST
from ..spectra.spectrum import Spectrum
from ..typing import Floats
from ..validation import real
from . import record_kernels
from .ensemble import Ensemble, Recurrences, recurrences

Keep = Callable[[Floats], object]
# sums that are kept at a time
_PIECE = 2**20
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
    if not (isinstance(steps, int | np.integer) and 1 <= steps <= LONGEST):
        raise InputError(f"steps: {steps} given, from 1 to {LONGEST} works")
    if not isinstance(record, str):
        times = np.array(record).ravel()
        whole = times.dtype.kind in "iu" and times.size > 0
        times = times.astype(np.int64) if whole else times
        if not (
            whole and (np.diff(times) > 0).all() and 0 <= times[0] <= times[-1] <= steps
        ):
            raise InputError(
                f"record: whole numbers from 0 to {steps}, increasing, are needed"
            )
        return times.astype(np.int64)
    way, _, text = record.partition(":")
    known = way in ("every", "log") and text.isdecimal() and len(text) < 20
    if not known or not int(text):
        raise InputError(f"record: {record!r}; write every:M, log:N, or iterations")
    if way == "log":
        many = min(int(text), steps, _MOST_TIMES)
        spaced = np.geomspace(steps, 1, many).round().astype(np.int64)
        return np.unique(np.concatenate([[0], spaced]))
    if steps // int(text) >= _MOST_TIMES:
        raise InputError(f"record: {record!r} are more than {_MOST_TIMES:,} iterations")
    return np.arange(0, steps + 1, int(text), dtype=np.int64)


def simulate(
    spectrum: Spectrum,
    eps: npt.ArrayLike,
    p: npt.ArrayLike = 0.0,
    steps: int = 1000,
    *,
    record: str | npt.ArrayLike = "every:1",
    method: BoundMethod = heavy_ball,
    modes: bool | Keep = False,
    threads: int | None = None,
    backend: str = "auto",
) -> Trajectory:
    """Return the loss and the distance of a spectrum's modes through time, from rest.

    w_{t+1} = T w_t − D w_{t−1} for each mode [Eq. 28], in the form of Eq. 2. Between
    recorded iterations of fixed parameters modes jump, so that the cost is that of the
    recorded ones.

    Parameters
    ----------
    spectrum : curvatures, weights and displacements
    eps, p : learning rate and momentum; for the heavy ball each may be a schedule, one
        value for each of the steps
    steps : how many iterations
    record : which of them are recorded, see `recorded`
    method : with leading parameters bound, as `qhm(nu=0.7)`
    modes : keep w of each mode too; or a function that is handed each recorded state
        w, (n,), in order, and has to copy what it keeps
    threads, backend : as for `sweep`; they change no bit

    Raises
    ------
    InputError
        A number is not finite, a schedule has another length than steps, or the method
        takes none.
    """
    choose_backend(backend)
    times = recorded(record, steps)
    parameters = _parameters(method, eps, p, steps)
    if any(value.ndim for value in parameters):
        states = _by_schedule(spectrum, parameters, times, threads, backend)
    elif (
        not modes and times.size > 2 and (np.diff(times, 2) == 0).all() and not times[0]
    ):
        return _evenly(spectrum, method, parameters, times, threads)
    else:
        states = _one_by_one(spectrum, method, parameters, times)
    sums = _Sums(spectrum, choose_threads(threads))
    rows: list[Floats] = []
    kept: list[Floats] = []
    keep = modes if callable(modes) else lambda w: kept.append(np.array(w))
    for w in states:
        rows.append(sums.of(w))
        if modes:
            keep(w)
    return _trajectory(times, np.array(rows), np.array(kept) if kept else None)


def _parameters(
    method: BoundMethod, eps: npt.ArrayLike, p: npt.ArrayLike, steps: int
) -> list[Floats]:
    """Return the free parameters as scalars, or (steps,) for a schedule."""
    if {"eps", "p"} & set(method.bound):
        raise InputError(f"method: {method!r}; eps and p are given beside it")
    if not all(np.isfinite(value) for value in method.bound.values()):
        raise InputError(f"method: {method!r}; what is bound has to be finite")
    given = {"eps": eps, "p": p}
    values = []
    for name in method.parameters:
        value = real(given.get(name, np.nan)).astype(np.float64)
        if value.ndim > 1 or (value.ndim and value.size != steps):
            raise InputError(f"{name}: {value.size} values for {steps} steps")
        if not np.isfinite(value).all():
            raise InputError(f"{name}: has to be finite")
        values.append(value)
    if "p" not in method.parameters and np.any(np.asarray(p)):
        raise InputError(f"p: {method.method.name} has no momentum")
    if any(value.ndim for value in values) and method is not heavy_ball:
        raise InputError("eps, p: only the heavy ball follows a schedule")
    return values


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
    parameters: list[Floats],
    times: npt.NDArray[np.int64],
    threads: int | None,
) -> Trajectory:
    by = _recurrences(spectrum, method, parameters, int(times[1]))
    sums = _Sums(spectrum, choose_threads(threads))
    w = page_aligned(np.where(sums.counts, by.first, 0.0))
    last = page_aligned(np.where(sums.counts, by.step, 0.0))
    rows = [sums.of(np.ones(len(spectrum)))[None], sums.of(by.first)[None]]
    left, piece = times.size - 2, max(1, _PIECE // sums.blocks)
    while left:
        count = min(left, piece)
        rows.append(sums.moving(by.one_minus_T_plus_D, by.determinant, w, last, count))
        left -= count
    return _trajectory(times, np.concatenate(rows), None)


def _recurrences(
    spectrum: Spectrum, method: BoundMethod, parameters: list[Floats], stride: int
) -> Recurrences:
    values = (*method.bound.values(), *map(float, parameters))
    return recurrences(method.method, values, spectrum.k, stride)


def _one_by_one(
    spectrum: Spectrum,
    method: BoundMethod,
    parameters: list[Floats],
    times: npt.NDArray[np.int64],
) -> Iterator[Floats]:
    for t in times.tolist():
        if t:
            yield _recurrences(spectrum, method, parameters, t).first
        else:
            yield np.ones(len(spectrum))


def _by_schedule(
    spectrum: Spectrum,
    parameters: list[Floats],
    times: npt.NDArray[np.int64],
    threads: int | None,
    backend: str,
) -> Iterator[Floats]:
    ensemble = Ensemble(len(spectrum), threads, backend)
    steps = max(value.size for value in parameters)
    eps, p = (np.broadcast_to(value, steps) for value in parameters)
    for t in times.tolist():
        if t > ensemble.t:
            ensemble.follow(spectrum.k, eps[ensemble.t : t], p[ensemble.t : t])
        yield ensemble.w


def _trajectory(
    times: npt.NDArray[np.int64], sums: Floats, modes: Floats | None
) -> Trajectory:
    wrong = np.flatnonzero(~np.isfinite(sums).all(axis=1))
    if wrong.size:
        sums[wrong[0] :] = np.inf
    at = int(times[wrong[0]]) if wrong.size else None
    return Trajectory(times, 0.5 * sums[:, 0], np.sqrt(sums[:, 1]), modes, at)
