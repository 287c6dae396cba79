"""The progress bar."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# called with the amounts done and in total
Progress = Callable[[int, int], object]


@contextmanager
def progress_bar(
    quiet: bool, describe: Callable[[float], str] = str
) -> Iterator[Progress]:
    """Yield a function that updates a bar on stderr, if stderr is a terminal.

    Parameters
    ----------
    quiet : show no bar
    describe : amount per second → text
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    with _bar() as bar:
        task = bar.add_task("", total=None, rate="starting")
        first: dict[str, Any] = {}

        def update(done: int, total: int) -> None:
            first.setdefault("done", done)
            first.setdefault("time", time.monotonic())
            seconds = time.monotonic() - first["time"]
            rate = (done - first["done"]) / seconds if seconds else 0.0
            bar.update(task, completed=done, total=total, rate=describe(rate))

        yield update


def _bar() -> Any:
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.BarColumn(),
        progress.TextColumn("{task.percentage:3.0f} %  {task.fields[rate]}"),
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
    )
