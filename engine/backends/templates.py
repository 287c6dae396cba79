"""Kernels with blanks, which are filled in for one method and one quantity.

A row has one curvature and one value of each slower parameter; the fastest parameter
varies along it. `kernels` compiles what comes out.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
from numba import prange

from ..arithmetic.intrinsics import stream_line, wide_vectors
from ..arithmetic.jit import jit
from ..quantities.quantity import NOT_COMPUTED

# so many points of a row are tried to be told from two
BLOCK = 64
# and so many are streamed to memory
CHUNK = 128
# The functions below are templates: these names are blanks, which `specialise` fills
# in for one method and one quantity.
_recurrence: Any = None
_kernel: Any = None
_quick: Any = None
_value: Any = None
_slower: Any = None
_at: Any = None
_sign: Any = None
_between: Any = None
_fill_row: Any = None
_plain_row: Any = None
_blocks: Any = None


def plain_value(r, tol):
    """Return a quantity of a recurrence."""
    return _kernel(r)


def value_with_tol(r, tol):
    """Return a quantity of a recurrence that needs a tolerance."""
    return _kernel(r, tol)


def slower_one(head, row):
    """Return what a row has of the slower parameters, of a method of one."""
    return ()


def slower_two(head, row):
    """Return the same of a method of two parameters."""
    return (head[0, row],)


def slower_three(head, row):
    """Return the same of a method of three parameters."""
    return head[0, row], head[1, row]


def at_one(slower, inner, k):
    """Return the recurrence of a point of a row, of a method of one parameter."""
    return _recurrence(inner, k)


def at_two(slower, inner, k):
    """Return the same of a method of two parameters."""
    return _recurrence(slower[0], inner, k)


def at_three(slower, inner, k):
    """Return the same of a method of three parameters."""
    return _recurrence(slower[0], slower[1], inner, k)


def point_one(a, k):
    """Return a quantity at a point, of a method of one parameter."""
    return _value(_recurrence(a, k), 0.0)


def point_two(a, b, k):
    """Return the same of a method of two parameters."""
    return _value(_recurrence(a, b, k), 0.0)


def point_three(a, b, c, k):
    """Return the same of a method of three parameters."""
    return _value(_recurrence(a, b, c, k), 0.0)


def tol_point_one(a, k, tol):
    """Return a quantity that needs a tolerance, of a method of one parameter."""
    return _value(_recurrence(a, k), tol)


def tol_point_two(a, b, k, tol):
    """Return the same of a method of two parameters."""
    return _value(_recurrence(a, b, k), tol)


def tol_point_three(a, b, c, k, tol):
    """Return the same of a method of three parameters."""
    return _value(_recurrence(a, b, c, k), tol)


def row(slower, inner, k, tol, out):
    """Fill a row point by point."""
    for j in range(inner.size):
        out[j] = _value(_at(slower, inner[j], k), tol)


def streamed_row(slower, inner, k, tol, out):
    """Fill a row in chunks that are made in the cache and streamed to memory.

    They begin where a line of memory does; it pays in long rows.
    """
    chunk = np.empty(CHUNK if out.size >= 8 * CHUNK else 0, out.dtype)
    size = out.itemsize
    start = CHUNK - out.ctypes.data // size % CHUNK if chunk.size else out.size
    _plain_row(slower, inner[:start], k, tol, out[:start])
    while start + CHUNK <= out.size:
        part = inner[start : start + CHUNK]
        for j in range(CHUNK):
            chunk[j] = _value(_at(slower, part[j], k), tol)
        here, there = chunk.ctypes.data, out.ctypes.data + start * size
        for line in range(0, CHUNK * size, 64):
            stream_line(there + line, here + line)
        start += CHUNK
    _plain_row(slower, inner[start:], k, tol, out[start:])


def quick_row(slower, inner, k, tol, out):
    """Fill a row by the quick kernel, and what it is in doubt of by the exact one."""
    wide_vectors()
    for j in range(inner.size):
        out[j] = _quick(_at(slower, inner[j], k))
    for j in range(inner.size):
        if out[j] == NOT_COMPUTED or out[j] != out[j]:
            out[j] = _value(_at(slower, inner[j], k), tol)


def block_row(slower, inner, k, tol, out):
    """Fill a row that increases by blocks that two of their points tell."""
    wide_vectors()
    whole = inner.size - inner.size % BLOCK
    # the first place of a block keeps its code until it is filled
    for j in range(0, whole, BLOCK):
        here = _at(slower, inner[j], k)
        out[j] = _between(here, _at(slower, inner[j + BLOCK - 1], k))
    for j in range(0, whole, BLOCK):
        block = slice(j, j + BLOCK)
        if out[j] == NOT_COMPUTED:
            _fill_row(slower, inner[block], k, tol, out[block])
        else:
            out[block] = out[j]
    _fill_row(slower, inner[whole:], k, tol, out[whole:])


def rows_of_map(head, k, inner, tol, out):
    """Fill a block of a grid row by row."""
    for row in prange(out.shape[0]):
        _fill_row(_slower(head, row), inner, k[row], tol, out[row])


def blocks_of_map(head, k, inner, tol, out):
    """Fill a block of a grid by blocks of its rows, where these increase."""
    sorted_row = rises(inner)
    for row in prange(out.shape[0]):
        if sorted_row:
            _blocks(_slower(head, row), inner, k[row], tol, out[row])
        else:
            _fill_row(_slower(head, row), inner, k[row], tol, out[row])


def worst(head, k, inner, tol, out):
    """Fill a block of a grid with the worst value over several curvatures."""
    for row in prange(out.shape[0]):
        slower = _slower(head, row)
        _fill_row(slower, inner, k[0], tol, out[row])
        other = np.empty_like(out[row])
        for i in range(1, k.size):
            _fill_row(slower, inner, k[i], tol, other)
            for j in range(inner.size):
                if _sign * other[j] > _sign * out[row, j]:
                    out[row, j] = other[j]


def multi_output(head, k, inner, argument, out):
    """Write several numbers for each point."""
    for i in prange(out.shape[0]):
        values = _kernel(_at(_slower(head, i), inner[i], k[i]), argument)
        for j in range(len(values)):
            out[i, j] = values[j]


@jit
def rises(values):
    """Tell whether values never fall; NaN does."""
    so_far = True
    for i in range(1, values.size):
        so_far &= values[i - 1] <= values[i]
    return so_far


# for methods of one, two and three parameters
SLOWER = (slower_one, slower_two, slower_three)
AT = (at_one, at_two, at_three)
POINT = (point_one, point_two, point_three)
TOL_POINT = (tol_point_one, tol_point_two, tol_point_three)


def specialise(template: Callable[..., Any], name: str, **names: Any) -> FunctionType:
    """Return a copy of a template under its own name, with free names bound.

    Closures would do, but Numba never finds a closure over kernels in its cache again.
    """
    code = template.__code__
    copy = FunctionType(code, {**template.__globals__, **names}, name)
    copy.__qualname__ = f"{name}_{template.__name__}"
    return copy
