"""Progress on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# takes how much is done, of how much
Progress = Callable[[int, int], object]


@contextmanager
def progress_bar(
    quiet: bool, describe: Callable[[float], str] = str
) -> Iterator[Progress]:
    """Yield a function that moves a bar on stderr, if a person looks at it.

    Parameters
    ----------
    quiet : nobody does
    describe : says how fast so many a second are
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich import progress as parts
    from rich.console import Console

    columns = (
        parts.BarColumn(),
        parts.TextColumn("{task.percentage:3.0f} %  {task.fields[rate]}"),
        parts.TimeRemainingColumn(),
    )
    with parts.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None, rate="starting")
        first: dict[str, Any] = {}

        def move(done: int, total: int) -> None:
            first.setdefault("done", done)
            first.setdefault("time", time.monotonic())
            seconds = time.monotonic() - first["time"]
            rate = (done - first["done"]) / seconds if seconds else 0.0
            bar.update(task, completed=done, total=total, rate=describe(rate))

        yield move
