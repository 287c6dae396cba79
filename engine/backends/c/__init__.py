"""The C kernels, called through ctypes; `AVAILABLE` is False if they were not built."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ...modes.methods import Method
from ...quantities.quantity import Quantity

try:
    from . import _kernels
except ImportError:
    _LIBRARY = None
else:
    _LIBRARY = ctypes.CDLL(_kernels.__file__)


AVAILABLE = _LIBRARY is not None
_LONG, _COUNT, _DOUBLE = ctypes.c_int64, ctypes.c_int, ctypes.c_double


def _array(dtype: Any) -> Any:
    return np.ctypeslib.ndpointer(dtype, flags="C_CONTIGUOUS")


_DOUBLES = _array(np.float64)
_SIGNATURES = {
    "move": (*[_DOUBLES] * 4, _LONG, _LONG, _COUNT),
    "follow": (*[_DOUBLES] * 3, _LONG, _DOUBLES, _DOUBLES, _LONG, _COUNT),
    "multiply_add": (_DOUBLE, _LONG, _COUNT, _DOUBLES),
}


@functools.cache
def function(name: str) -> Any:
    """Return a kernel of step_kernels.c, which describes its arguments."""
    kernel = getattr(_LIBRARY, name)
    kernel.argtypes = _SIGNATURES[name]
    kernel.restype = _LONG if name == "multiply_add" else None
    return kernel


def map_kernel(
    method: Method, quantity: Quantity, threads: int
) -> Callable[..., None] | None:
    """Return the C kernel (slower_parameters, k, fastest, tol, out) of a map, or None.

    It is called as the Numba kernel `compile.map_kernel`; `tol` is not used.

    Parameters
    ----------
    method, quantity : of the map; the type of the output is that of the quantity
    threads : number of threads
    """
    c_function = getattr(_LIBRARY, f"{method.name}_{quantity.name}", None)
    if c_function is None:
        return None
    output = _array(quantity.dtype)
    c_function.argtypes = (*[_DOUBLES] * 3, _LONG, _LONG, output, _COUNT)
    c_function.restype = None

    def kernel(
        slower_parameters: Any, k: Any, fastest: Any, _tol: float, out: Any
    ) -> None:
        c_function(slower_parameters, k, fastest, *out.shape, out, threads)

    return kernel
