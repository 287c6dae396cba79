"""The choice of a backend, C or Numba."""

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
    """Return backend name → whether it is available, preferred ones first."""
    return {"c": c.AVAILABLE, "numba": True}


def usable_backends() -> list[str]:
    """Return the names of the available backends, preferred ones first."""
    return [name for name, available in backends().items() if available]


def choose_backend(name: str) -> str:
    """Return the name of an available backend; "auto" gives the preferred one.

    Raises
    ------
    InputError
        The name is unknown, or the C kernels were not built.
    """
    available = backends()
    if name == "auto":
        return usable_backends()[0]
    if name not in available:
        raise InputError(f"{name!r} is unknown; choose from auto, c, numba", "backend")
    if not available[name]:
        raise InputError(
            "the C kernels were not built; install critdamp again with a C compiler "
            "and CRITDAMP_REQUIRE_C=1, which shows the error of the build",
            "backend",
        )
    return name


def fill_kernel(
    method: Method, quantity: Quantity, dtype: np.dtype[Any], backend: str, threads: int
) -> Callable[..., None]:
    """Return the kernel of a map, see `map_kernel`.

    The C backend uses Numba where there is no C kernel: for some quantities, and for
    narrow types. Both write the same bits, except for the sign of NaN.
    """
    if backend == "c" and dtype == quantity.dtype:
        kernel = c.map_kernel(method, quantity, threads)
        if kernel is not None:
            return kernel
    return map_kernel(method, quantity)
