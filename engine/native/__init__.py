"""The C kernels, where they were built: found, checked and called through ctypes."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from ..methods import Method
from ..quantities import Quantity

try:
    from . import _kernels
except ImportError:
    _LIBRARY = None
else:
    _LIBRARY = ctypes.CDLL(_kernels.__file__)

AVAILABLE = _LIBRARY is not None
_DOUBLES = np.ctypeslib.ndpointer(np.float64, flags="C_CONTIGUOUS")


def map_kernel(
    method: Method, quantity: Quantity, threads: int
) -> Callable[..., None] | None:
    """Return the C kernel (head, k, inner, tol, out) of a map, None if there is none.

    Parameters
    ----------
    method, quantity : what to compute; its output is of the quantity's own type
    threads : that the kernel uses
    """
    function = getattr(_LIBRARY, f"{method.name}_{quantity.name}", None)
    if function is None:
        return None
    out_type = np.ctypeslib.ndpointer(quantity.dtype, flags="C_CONTIGUOUS")
    long, count = ctypes.c_int64, ctypes.c_int
    function.argtypes = (_DOUBLES, _DOUBLES, _DOUBLES, long, long, out_type, count)
    function.restype = None

    def kernel(head: Any, k: Any, inner: Any, _tol: float, out: Any) -> None:
        function(head, k, inner, *out.shape, out, threads)

    return kernel
