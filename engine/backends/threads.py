"""Threads that kernels run on, and the one guard that every parallel kernel passes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numba

from ..errors import InputError

# Numba's simplest threading layer aborts a process in which two threads start kernels
_ONE_AT_A_TIME = threading.Lock()
# a forked process lacks the threads of its parent: a kernel would wait for ever
_started: list[bool] = []
_forked: list[bool] = []
os.register_at_fork(after_in_child=lambda: _forked.extend(_started))


def default_threads() -> int:
    """Return how many threads a kernel uses: the cores that this process may use."""
    most = int(numba.config.NUMBA_NUM_THREADS)
    granted = os.environ.get("SLURM_CPUS_PER_TASK", "")
    return min(most, max(1, int(granted))) if granted.isdecimal() else most


def choose_threads(count: int | None) -> int:
    """Return a number of threads, by default as many as the process may use.

    Raises
    ------
    InputError
        More are asked for than there are, or none; or this process was forked from one
        that has run kernels, whose threads it lacks.
    """
    if _forked:
        raise InputError(
            "this process was forked after kernels had run, and would hang; start it "
            "by spawn, as multiprocessing.get_context('spawn') does",
            "threads",
        )
    if not _started:
        _started.append(True)
    most = int(numba.config.NUMBA_NUM_THREADS)
    threads = default_threads() if count is None else count
    if not 1 <= threads <= most:
        raise InputError(f"{count} asked for, from 1 to {most} are here", "threads")
    return threads


@contextmanager
def on_threads(count: int | None) -> Iterator[None]:
    """Run parallel kernels here and nowhere else, on so many threads.

    Numba's own setting is then as it was.

    Parameters
    ----------
    count : number of threads, as many as the process may use by default
    """
    with _ONE_AT_A_TIME:
        before = numba.get_num_threads()
        numba.set_num_threads(choose_threads(count))
        try:
            yield
        finally:
            numba.set_num_threads(before)
