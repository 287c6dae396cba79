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
_place: Any = None
_point: Any = None
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


def no_slower(head, row):
    """Return what a row has of the slower parameters of a method of one parameter."""
    return ()


def one_slower(head, row):
    """Return the same with one parameter more."""
    return _slower(head, row) + (head[_place, row],)


def at(slower, inner, k):
    """Return the recurrence of a point of a row."""
    return _recurrence(*(slower + (inner, k)))


def point(arguments):
    """Return a quantity at a point (*parameters, k)."""
    return _value(_recurrence(*arguments), 0.0)


def tol_point(arguments):
    """Return a quantity that needs a tolerance at a point (*parameters, k, tol)."""
    return _value(_recurrence(*arguments[:-1]), arguments[-1])


def of_two(a, b):
    """Return a number of two arguments; NumPy's ufuncs have a fixed number of them."""
    return _point((a, b))


def of_three(a, b, c):
    """Return the same of three arguments."""
    return _point((a, b, c))


def of_four(a, b, c, d):
    """Return the same of four arguments."""
    return _point((a, b, c, d))


def of_five(a, b, c, d, e):
    """Return the same of five arguments."""
    return _point((a, b, c, d, e))


def of_six(a, b, c, d, e, f):
    """Return the same of six arguments."""
    return _point((a, b, c, d, e, f))


def of_seven(a, b, c, d, e, f, g):
    """Return the same of seven arguments."""
    return _point((a, b, c, d, e, f, g))


def of_eight(a, b, c, d, e, f, g, h):
    """Return the same of eight arguments."""
    return _point((a, b, c, d, e, f, g, h))


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


# by the number of arguments, from two on: a parameter and k
ARGUMENTS = (of_two, of_three, of_four, of_five, of_six, of_seven, of_eight)


def specialise(template: Callable[..., Any], name: str, **names: Any) -> FunctionType:
    """Return a copy of a template under its own name, with free names bound.

    Closures would do, but Numba never finds a closure over kernels in its cache again.
    """
    code = template.__code__
    copy = FunctionType(code, {**template.__globals__, **names}, name)
    copy.__qualname__ = f"{name}_{template.__name__}"
    return copy
