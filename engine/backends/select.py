"""Backends: who computes a kernel, C or Numba, on how many threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import InputError
from ..modes.methods import Method
from ..quantities.quantity import Quantity
from . import c
from .compile import map_kernel


def backends() -> dict[str, bool]:
    """Return the backends by name, and whether each can be used here."""
    return {"c": c.AVAILABLE, "numba": True}


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
        raise InputError(f"{name!r} is unknown; choose from auto, c, numba", "backend")
    if not here[name]:
        raise InputError(
            "the C kernels were not built here; install critdamp again "
            "with a C compiler and CRITDAMP_REQUIRE_C=1 to see why",
            "backend",
        )
    return name


def fill_kernel(
    method: Method, quantity: Quantity, dtype: np.dtype[Any], backend: str, threads: int
) -> Callable[..., None]:
    """Return the kernel of a map, in C where the backend is and C has it.

    Both backends write the same bits, but for the sign of NaN. C has no kernels for
    narrower types.
    """
    if backend == "c" and dtype == quantity.dtype:
        kernel = c.map_kernel(method, quantity, threads)
        if kernel is not None:
            return kernel
    return map_kernel(method, quantity)
