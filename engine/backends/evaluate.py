"""Kernels of recurrences evaluated at a list of points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..modes.methods import Method
from ..typing import Floats
from .compile import multi_output_kernel
from .threads import on_threads


def evaluate(
    method: Method,
    kernel: Any,
    parameters: Sequence[npt.ArrayLike],
    k: Floats,
    out: npt.NDArray[Any],
    *,
    argument: float = 0.0,
    threads: int | None = None,
) -> npt.NDArray[Any]:
    """Return the values of a kernel at n points, (n, m), written into `out`.

    Parameters
    ----------
    method : method of the recurrences
    kernel : (Recurrence, argument) → tuple of m numbers
    parameters : of the method, in its order; numbers or (n,)
    k : (n,) curvatures
    out : (n, m) output
    argument : second argument of the kernel
    threads : number of threads, by default all; the bits do not depend on it
    """
    columns = [np.broadcast_to(value, k.shape) for value in parameters]
    *slower, fastest = (np.array(column, dtype=np.float64) for column in columns)
    slower_parameters = np.array(slower, dtype=np.float64).reshape(len(slower), k.size)
    compiled = multi_output_kernel(method, kernel)
    with on_threads(threads):
        compiled(slower_parameters, k, fastest, argument, out)
    return out
