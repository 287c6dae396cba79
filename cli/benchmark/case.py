"""A case: one thing to measure, and by whom it is done."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from critdamp.engine.backends.select import backends
from critdamp.engine.backends.threads import on_threads

Run = Callable[[], object]
LIMIT = "limit: "


@dataclass(frozen=True)
class Case:
    """One thing to measure.

    Attributes
    ----------
    kernel : what is computed; cases of one kernel, size and thread count have a limit
    by : who computes it; a limit begins with `LIMIT`
    threads : that work
    size : points, or modes
    work : how many of the unit one run does
    unit : of the work
    start : prepares and returns what is to be timed; the stack cleans up behind it
    """

    kernel: str
    by: str
    threads: int
    size: int
    work: int
    unit: str
    start: Callable[[ExitStack], Run]


def usable() -> list[str]:
    """Return the backends that are here."""
    return [name for name, here in backends().items() if here]


def ready(run: Run) -> Callable[[ExitStack], Run]:
    """Return the start of what needs no preparation."""
    return lambda _stack: run


def on(threads: int, run: Run) -> Run:
    """Return a kernel of Numba's that runs on so many threads."""

    def timed() -> None:
        with on_threads(threads):
            run()

    return timed
