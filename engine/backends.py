"""Backends: who computes a kernel, C or Numba, on how many threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numba
import numpy as np

from . import native
from .errors import InputError
from .kernels import PARALLEL, default_threads, map_kernel
from .methods import Method
from .quantities import Quantity

_started: list[bool] = []
_forked: list[bool] = []
os.register_at_fork(after_in_child=lambda: _forked.extend(_started))


def backends() -> dict[str, bool]:
    """Return the backends by name, and whether each can be used here."""
    return {"c": native.AVAILABLE, "numba": True}


def choose_backend(name: str) -> str:
    """Return a backend that can be used here; "auto" is the first one that can.

    Raises
    ------
    InputError
        It is unknown, or the C kernels were not built.
    """
    here = backends()
    if name == "auto":
        return next(one for one, usable in here.items() if usable)
    if name not in here:
        raise InputError(f"backend: {name!r} is unknown; choose from auto, c, numba")
    if not here[name]:
        raise InputError(
            "backend: the C kernels were not built here; install critdamp again "
            "with a C compiler and CRITDAMP_REQUIRE_C=1 to see why"
        )
    return name


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
            "threads: this process was forked after kernels had run, and would hang; "
            "start it by spawn, as multiprocessing.get_context('spawn') does"
        )
    if not _started:
        _started.append(True)
    most = int(numba.config.NUMBA_NUM_THREADS)
    threads = default_threads() if count is None else count
    if not 1 <= threads <= most:
        raise InputError(f"threads: {count} asked for, from 1 to {most} are here")
    return threads


@contextmanager
def on_threads(count: int | None = None) -> Iterator[None]:
    """Run parallel kernels here and nowhere else, on so many threads.

    Numba's own setting is then as it was.
    """
    with PARALLEL:
        before = numba.get_num_threads()
        numba.set_num_threads(choose_threads(count))
        try:
            yield
        finally:
            numba.set_num_threads(before)


def fill_kernel(
    method: Method, quantity: Quantity, dtype: np.dtype[Any], backend: str, threads: int
) -> Callable[..., None]:
    """Return the kernel of a map, in C where the backend is and C has it.

    Both backends write the same bits, but for the sign of NaN. C has no kernels for
    narrower types.
    """
    if backend == "c" and dtype == quantity.dtype:
        kernel = native.map_kernel(method, quantity, threads)
        if kernel is not None:
            return kernel
    return map_kernel(method, quantity)
