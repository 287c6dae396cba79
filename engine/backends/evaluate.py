"""Several numbers for each of some points, from their recurrences."""

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
    """Fill an array with several numbers for each point, and return it.

    Parameters
    ----------
    method : whose recurrences are asked
    kernel : (Recurrence, argument) → tuple of m numbers
    parameters : of the method, in its order, numbers or (n,)
    k : (n,) curvatures
    out : (n, m) to be filled
    argument : is handed to the kernel
    threads : as many as the process may use by default; they change no bit
    """
    columns = [np.broadcast_to(value, k.shape) for value in parameters]
    *slower, fastest = (np.array(column, dtype=np.float64) for column in columns)
    block = np.array(slower, dtype=np.float64).reshape(len(slower), k.size)
    with on_threads(threads):
        multi_output_kernel(method, kernel)(block, k, fastest, argument, out)
    return out
