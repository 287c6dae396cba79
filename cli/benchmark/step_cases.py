"""Cases of modes in time, compared with multiply-adds in registers and NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from critdamp.engine.backends import c
from critdamp.engine.backends.select import usable_backends
from critdamp.engine.modes.methods import METHODS
from critdamp.engine.simulation.ensemble import Ensemble, Recurrences, recurrences

from . import machine_limits
from .case import LIMIT, Case, on, ready

MODES, STEPS = 2**15, 4096
EPS, P = 0.1, 0.99
# operations of a step of a mode; and the stride of jumps
STEP, SCHEDULED_STEP, JUMP = 2, 4, 1000


def cases(scale: float, counts: list[int]) -> Iterator[Case]:
    """Yield steps with constant parameters, with a schedule, and by long strides."""
    n = max(64, round(MODES * scale))
    k = np.geomspace(1e-3, 1, n)
    single = recurrences(METHODS["heavy_ball"], (EPS, P), k)
    jump = recurrences(METHODS["heavy_ball"], (EPS, P), k, JUMP)
    schedule = k, np.full(STEPS, EPS), np.full(STEPS, P)
    for threads in counts:
        yield from multiply_adds("steps", n, threads, STEP)
        yield from _moves("steps", n, threads, 1, lambda e: e.advance(single, STEPS))
    by_numpy = ready(partial(_steps_by_numpy, single, 10))
    yield Case("steps", "numpy", 1, n, 10 * n, "mode-steps", by_numpy)
    for threads in counts:
        yield from multiply_adds("schedule", n, threads, SCHEDULED_STEP)
        yield from _moves("schedule", n, threads, 1, lambda e: e.follow(*schedule))
    for threads in counts:
        yield from _moves("jumps", n, threads, JUMP, lambda e: e.advance(jump, STEPS))


def _moves(
    kernel: str, n: int, threads: int, stride: int, move: Callable[[Ensemble], None]
) -> Iterator[Case]:
    work = n * STEPS * stride
    for backend in usable_backends():
        start = ready(partial(move, Ensemble(n, threads, backend)))
        by = f"critdamp, {backend}"
        yield Case(kernel, by, threads, n, work, "mode-steps", start)


def _steps_by_numpy(by: Recurrences, steps: int) -> None:
    w, last = by.first, np.ones_like(by.first)
    for _ in range(steps):
        w, last = by.trace * w - by.determinant * last, w


def multiply_adds(kernel: str, n: int, threads: int, operations: int) -> Iterator[Case]:
    """Yield the limits of steps of `operations` multiply-adds in registers."""
    make = partial(Case, kernel, threads=threads, size=n, unit="mode-steps")
    for backend in usable_backends():
        run, count = (_by_c if backend == "c" else _by_numba)(threads)
        by = f"{LIMIT}multiply-add, {backend}"
        yield make(by, work=count // operations, start=ready(run))


def _by_c(threads: int) -> tuple[Callable[[], object], int]:
    rounds, sums = 1_000_000, np.empty(threads)
    function = c.function("multiply_add")
    run = partial(function, 0.5, rounds, threads, sums)
    return run, threads * rounds * function(0.5, 1, 1, sums)


def _by_numba(threads: int) -> tuple[Callable[[], object], int]:
    rounds = 4000
    run = on(threads, partial(machine_limits.multiply_add, rounds, threads))
    return run, threads * rounds * machine_limits.OPERATIONS_OF_A_ROUND
