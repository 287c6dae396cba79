"""A running sweep: progress bar, stops, and the message at its end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import click

from critdamp.data.formats.run_file import Run
from critdamp.data.shards.folder import RunFolder
from critdamp.data.sweeps.status import status

from .exit_status import Stopped
from .formatting import duration, nbytes, rate
from .progress import Progress, progress_bar
from .signals import handled, unwatched

# (progress, stop) → the finished run, None if it was stopped
Start = Callable[[Progress, Callable[[], bool]], Run | None]


def compute(path: Path, start: Start, quiet: bool) -> None:
    """Run a sweep with a progress bar; signals stop it soon.

    Parameters
    ----------
    path : of the run
    start : computes the sweep, called with `progress` and `stop`
    quiet : print nothing

    Raises
    ------
    Stopped
        A signal stopped the sweep. A second SIGINT stops it at once.
    """
    began, seen = time.monotonic(), _Seen()
    with _stoppable(quiet) as stop:
        try:
            with progress_bar(quiet, _speed) as show:
                run = start(seen.then(show), stop)
        except KeyboardInterrupt:
            raise _stopped("interrupted", path) from None
    if run is None:
        state = status(path)
        message = f"interrupted: {state.done} of {state.tiles} tiles are done"
        if state.complete:
            message = "interrupted: the run is as it was, with its damage"
        raise _stopped(message, path)
    with run:
        if not quiet:
            click.echo(_summary(run, seen.points, time.monotonic() - began), err=True)


class _Seen:
    """How many points this process computed, as `progress` was told."""

    def __init__(self) -> None:
        self.points, self._last = 0, -1

    def then(self, show: Progress) -> Progress:
        """Return a `progress` that counts, and shows."""

        def progress(done: int, total: int) -> None:
            if self._last >= 0:  # it falls where damaged tiles are computed again
                self.points += max(done - self._last, 0)
            self._last = done
            show(done, total)

        return progress


def _stopped(message: str, path: Path) -> Stopped:
    return Stopped("; ".join(filter(None, [message, RunFolder.of(path).kept()])))


def _summary(run: Run, computed: int, seconds: float) -> str:
    size = nbytes(run.path.stat().st_size)
    points = run.plan.grid.size
    if not computed:
        return f"{run.path}: complete, nothing was missing; {points:,} points, {size}"
    of_all = "" if computed == points else f"{computed:,} of "
    return f"{run.path}: {of_all}{points:,} points in {duration(seconds)}, {size}"


@contextmanager
def _stoppable(quiet: bool) -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether one of the signals was received."""
    received: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT and received:
            raise KeyboardInterrupt
        received.append(number)
        if not quiet and len(received) == 1:
            # sys.stderr is not reentrant
            with suppress(OSError):
                os.write(2, b"\nstopping; Ctrl-C again stops at once\n")

    with unwatched(), handled(handle):
        yield lambda: bool(received)


def _speed(per_second: float) -> str:
    return rate(per_second, "points")
