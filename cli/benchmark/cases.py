"""All cases: kernels, their limits, and other implementations."""

from __future__ import annotations

from collections.abc import Iterator

from critdamp.engine.backends.threads import default_threads

from . import file_cases, map_cases, step_cases, trajectory_cases
from .case import Case


def all_cases(scale: float = 1.0) -> Iterator[Case]:
    """Yield all cases, with sizes multiplied by `scale`."""
    counts = sorted({1, default_threads()})
    yield from map_cases.cases(scale, counts)
    yield from step_cases.cases(scale, counts)
    yield from trajectory_cases.cases(scale, counts)
    yield from file_cases.cases(scale, counts)
