"""The C kernels, where they were built: found, checked and called through ctypes."""

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
    """Return a kernel of step_kernels.c, which says what it takes."""
    found = getattr(_LIBRARY, name)
    found.argtypes = _SIGNATURES[name]
    found.restype = _LONG if name == "multiply_add" else None
    return found


def map_kernel(
    method: Method, quantity: Quantity, threads: int
) -> Callable[..., None] | None:
    """Return the C kernel (head, k, inner, tol, out) of a map, None if there is none.

    Parameters
    ----------
    method, quantity : what to compute; its output is of the quantity's own type
    threads : that the kernel uses
    """
    found = getattr(_LIBRARY, f"{method.name}_{quantity.name}", None)
    if found is None:
        return None
    out = _array(quantity.dtype)
    found.argtypes = (*[_DOUBLES] * 3, _LONG, _LONG, out, _COUNT)
    found.restype = None

    def kernel(head: Any, k: Any, inner: Any, _tol: float, out: Any) -> None:
        found(head, k, inner, *out.shape, out, threads)

    return kernel
