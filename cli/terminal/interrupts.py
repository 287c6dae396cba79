"""While a sweep runs: the bar, the signals, and what is said at the end."""

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
from .formatting import nbytes
from .progress import Progress, progress_bar

Start = Callable[[Progress, Callable[[], bool]], Run | None]


def compute(path: Path, start: Start, quiet: bool) -> None:
    """Run a sweep with a progress bar, stoppable at a tile's end.

    Parameters
    ----------
    path : of the run
    start : takes `progress` and `stop` and computes; None if it was stopped
    quiet : print nothing

    Raises
    ------
    Stopped
        SIGINT or SIGTERM came; a second SIGINT does not wait for the tile's end.
    """
    began = time.monotonic()
    with _stoppable(quiet) as stop:
        try:
            with progress_bar(quiet, _speed) as progress:
                run = start(progress, stop)
        except KeyboardInterrupt:
            raise _stopped("interrupted", path) from None
    if run is None:
        now = status(path)
        done = f"interrupted: {now.done} of {now.tiles} tiles are done"
        raise _stopped(done, path)
    with run:
        if not quiet:
            click.echo(_summary(run, time.monotonic() - began), err=True)


def _stopped(what: str, path: Path) -> Stopped:
    return Stopped("; ".join(filter(None, [what, RunFolder.of(path).kept()])))


def _summary(run: Run, seconds: float) -> str:
    size = nbytes(run.path.stat().st_size)
    points = run.plan.grid.size
    return f"{run.path}: {points:,} points in {seconds:.1f} s, {size}"


@contextmanager
def _stoppable(quiet: bool) -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether SIGINT or SIGTERM came."""
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT and came:
            raise KeyboardInterrupt
        came.append(number)
        if not quiet:
            # not through sys.stderr, which may be in the middle of a line
            with suppress(OSError):
                os.write(2, b"\nstopping at the end of this tile\n")

    before = {n: signal.signal(n, note) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _speed(per_second: float) -> str:
    return f"{per_second / 1e6:.3g} M/s"
