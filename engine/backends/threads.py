"""The number of threads, and the lock under which parallel kernels run."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numba

from ..errors import CritdampError, InputError

# Numba's workqueue layer aborts the process if two threads run kernels at once
_ONE_AT_A_TIME = threading.Lock()
# far above any machine; Numba crashes where the system has no room for its threads
_MOST_THREADS = 4096
# address space of a process, measured with 2, 8 and 64 threads: LLVM ends the process
# where it has less. Each thread has a stack, the first ones a heap of their own too.
_ADDRESS_SPACE, _STACK, _HEAP, _HEAPS = 700_000_000, 16_000_000, 84_000_000, 6
# a forked process lacks the worker threads of its parent: kernels would hang
_started: list[bool] = []
_forked: list[bool] = []
os.register_at_fork(after_in_child=lambda: _forked.extend(_started))


def default_threads() -> int:
    """Return the default number of threads: the cores available to this process."""
    most = int(numba.config.NUMBA_NUM_THREADS)
    allocated = os.environ.get("SLURM_CPUS_PER_TASK", "")
    return min(most, max(1, int(allocated))) if allocated.isdecimal() else most


def choose_threads(count: int | None) -> int:
    """Return the number of threads, `default_threads()` for None.

    Raises
    ------
    InputError
        The count is out of range, or this process was forked after kernels had run.
    CritdampError
        The address space of this process is limited to less than kernels need.
    """
    if _forked:
        raise InputError(
            "this process was forked after kernels had run, and would hang; use "
            "multiprocessing.get_context('spawn')",
            "threads",
        )
    if not _started:
        _started.append(True)
    most = int(numba.config.NUMBA_NUM_THREADS)
    if most > _MOST_THREADS:
        raise InputError(
            f"NUMBA_NUM_THREADS = {most}; up to {_MOST_THREADS} are allowed"
        )
    threads = default_threads() if count is None else count
    if not 1 <= threads <= most:
        raise InputError(f"{count} given; from 1 to {most} are available", "threads")
    _check_address_space(threads)
    return threads


def _check_address_space(threads: int) -> None:
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    needed = _ADDRESS_SPACE + threads * _STACK + min(threads, _HEAPS) * _HEAP
    if limit != resource.RLIM_INFINITY and limit < needed:
        raise CritdampError(
            f"not enough memory: the address space is limited to {limit / 1e6:,.0f} MB "
            f"(ulimit -v), and kernels need {needed / 1e6:,.0f} MB with {threads} "
            f"{'thread' if threads == 1 else 'threads'}"
        )


def _start() -> int:
    """Start the threads of Numba, and return how many it uses by default."""
    try:
        return int(numba.get_num_threads())
    except ValueError as error:  # the layer is unknown, or not installed
        cause = f"{error}".splitlines()[0].rstrip(".")
        raise InputError(
            f"NUMBA_THREADING_LAYER = {numba.config.THREADING_LAYER}: {cause}; unset it"
        ) from error


@contextmanager
def on_threads(count: int | None) -> Iterator[None]:
    """Run the kernels of the block on `count` threads, under a lock.

    Numba's number of threads is restored afterwards.

    Parameters
    ----------
    count : number of threads, None for `default_threads()`
    """
    with _ONE_AT_A_TIME:
        threads = choose_threads(count)
        before = _start()
        numba.set_num_threads(threads)
        try:
            yield
        finally:
            numba.set_num_threads(before)
