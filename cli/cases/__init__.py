"""What is measured: kernels, beside their limits and beside what people write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from critdamp.engine.backends import backends, on_threads
from critdamp.engine.kernels import default_threads

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


def all_cases(scale: float = 1.0) -> Iterator[Case]:
    """Yield every case; a scale below 1 makes each one smaller."""
    from . import ensembles, files, maps, modes

    counts = sorted({1, default_threads()})
    yield from maps.cases(scale, counts)
    yield from modes.cases(scale, counts)
    yield from ensembles.cases(scale, counts)
    yield from files.cases(scale, counts)


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


__all__ = ["LIMIT", "Case", "Run", "all_cases", "on", "ready", "usable"]
