"""Types of the options of `sweep` and `resume`, for type checkers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

Progress = Callable[[int, int], object]
Stop = Callable[[], bool]


class ResumeOptions(TypedDict, total=False):
    """The options of `resume` but for `stop`."""

    threads: int | None
    backend: str
    command_line: str | None
    progress: Progress | None


class SweepOptions(ResumeOptions, total=False):
    """The options of `sweep` but for `stop`."""

    force: bool
    compression: bool
    keep_shards: bool
