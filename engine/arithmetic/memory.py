"""Arrays that begin where a cache line or a page does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..typing import Floats
from .jit import jit

# doubles in a line of the cache, and in a vector
LANES = 8


@jit
def line_aligned(size):
    """Return memory that begins where a line of the cache does."""
    memory = np.empty(size + LANES)
    start = -(memory.ctypes.data // memory.itemsize) % LANES
    return memory[start : start + size]


_PAGE = 4096


def page_aligned(values: npt.ArrayLike) -> Floats:
    """Return a copy that begins where a page does.

    Vectors do not cross cache lines then, and no load waits for a store to another
    array at the same place of a page, as processors that compare these only would have.
    """
    given = np.asarray(values, dtype=np.float64).ravel()
    memory = np.empty(given.nbytes + _PAGE, np.uint8)
    start = -memory.ctypes.data % _PAGE
    copy = memory[start : start + given.nbytes].view(np.float64)
    copy[:] = given
    return copy
