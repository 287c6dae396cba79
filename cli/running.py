"""While a sweep runs: the bar, the signals, and what is said at the end."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import click

from critdamp.data.parts import Parts
from critdamp.data.runfile import Run
from critdamp.data.sweeps import status

from .failures import Stopped
from .options import nbytes

Progress = Callable[[int, int], object]
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
            with _bar(quiet) as progress:
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
    return Stopped("; ".join(filter(None, [what, Parts.of(path).kept()])))


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


@contextmanager
def _bar(quiet: bool) -> Iterator[Progress]:
    """Yield a function that moves a bar on stderr, if a person looks at it."""
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %  {task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None, rate="starting")
        first: dict[str, Any] = {}

        def move(done: int, total: int) -> None:
            first.setdefault("done", done)
            first.setdefault("time", time.monotonic())
            seconds = time.monotonic() - first["time"]
            rate = (done - first["done"]) / seconds / 1e6 if seconds else 0.0
            bar.update(task, completed=done, total=total, rate=f"{rate:.3g} M/s")

        yield move
