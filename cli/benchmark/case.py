"""The type of a case, the unit of a benchmark."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from critdamp.engine.backends.threads import on_threads

Run = Callable[[], object]
LIMIT = "limit: "


@dataclass(frozen=True)
class Case:
    """A computation that is timed.

    Attributes
    ----------
    kernel : what is computed; cases of the same kernel, size and threads share a limit
    by : the implementation; that of a limit begins with `LIMIT`
    threads : number of threads
    size : number of points or modes
    work : amount of work of a run, in units
    unit : unit of the work
    start : returns the function to be timed; the stack is closed afterwards
    """

    kernel: str
    by: str
    threads: int
    size: int
    work: int
    unit: str
    start: Callable[[ExitStack], Run]


def ready(run: Run) -> Callable[[ExitStack], Run]:
    """Return the `start` of a case without preparation."""
    return lambda _stack: run


def on(threads: int, run: Run) -> Run:
    """Return a run of Numba kernels on a number of threads."""

    def timed() -> None:
        with on_threads(threads):
            run()

    return timed
