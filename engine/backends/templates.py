"""Templates of kernels, which `compile` specialises for a method and a quantity.

A row of a map has one curvature and one value of each slower parameter. The fastest
parameter, the last one of the method, varies along the row.
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

# points of a block, which `_between` tries to decide from its first and last point
BLOCK = 64
# points that are streamed to memory together
CHUNK = 128
# Free names of the templates, bound by `specialise`.
_recurrence: Any = None
_kernel: Any = None
_quick: Any = None
_value: Any = None
_slower: Any = None
_index: Any = None
_point: Any = None
_at: Any = None
_sign: Any = None
_between: Any = None
_fill_row: Any = None
_plain_row: Any = None
_blocks: Any = None
_doubts: Any = None


def plain_value(r, tol):
    """Return the quantity of a recurrence."""
    return _kernel(r)


def value_with_tol(r, tol):
    """Return the quantity of a recurrence, for quantities that need a tolerance."""
    return _kernel(r, tol)


def no_slower(slower_parameters, row):
    """Return the slower parameters of a row of a method of one parameter, none."""
    return ()


def one_slower(slower_parameters, row):
    """Return the tuple of `_slower` with one more parameter of the row."""
    return _slower(slower_parameters, row) + (slower_parameters[_index, row],)


def at(slower, fastest, k):
    """Return the recurrence of a point."""
    return _recurrence(*(slower + (fastest, k)))


def point(arguments):
    """Return the quantity at a point (*parameters, k)."""
    return _value(_recurrence(*arguments), 0.0)


def tol_point(arguments):
    """Return the quantity at a point (*parameters, k, tol)."""
    return _value(_recurrence(*arguments[:-1]), arguments[-1])


def of_two(a, b):
    """Return the quantity of two arguments; a ufunc has a fixed number of them."""
    return _point((a, b))


def of_three(a, b, c):
    """Return the quantity of three arguments."""
    return _point((a, b, c))


def of_four(a, b, c, d):
    """Return the quantity of four arguments."""
    return _point((a, b, c, d))


def of_five(a, b, c, d, e):
    """Return the quantity of five arguments."""
    return _point((a, b, c, d, e))


def of_six(a, b, c, d, e, f):
    """Return the quantity of six arguments."""
    return _point((a, b, c, d, e, f))


def of_seven(a, b, c, d, e, f, g):
    """Return the quantity of seven arguments."""
    return _point((a, b, c, d, e, f, g))


def of_eight(a, b, c, d, e, f, g, h):
    """Return the quantity of eight arguments."""
    return _point((a, b, c, d, e, f, g, h))


def row(slower, fastest, k, tol, out):
    """Write the values of a row, point by point."""
    for j in range(fastest.size):
        out[j] = _value(_at(slower, fastest[j], k), tol)


def streamed_row(slower, fastest, k, tol, out):
    """Write a row by the quick kernel in chunks, made in cache and streamed to memory.

    Chunks are aligned to cache lines. It is faster for long rows only.
    """
    chunk = np.empty(CHUNK if out.size >= 8 * CHUNK else 0, out.dtype)
    size = out.itemsize
    start = CHUNK - out.ctypes.data // size % CHUNK if chunk.size else out.size
    _plain_row(slower, fastest[:start], k, tol, out[:start])
    while start + CHUNK <= out.size:
        part, doubts = fastest[start : start + CHUNK], 0
        for j in range(CHUNK):
            value = _quick(_at(slower, part[j], k))
            chunk[j] = value
            doubts += value != value
        if doubts > 0:
            _doubts(slower, part, k, tol, chunk)
        source, target = chunk.ctypes.data, out.ctypes.data + start * size
        for offset in range(0, CHUNK * size, 64):
            stream_line(target + offset, source + offset)
        start += CHUNK
    _plain_row(slower, fastest[start:], k, tol, out[start:])


def doubts(slower, fastest, k, tol, out):
    """Write the values of a row that the quick kernel left in doubt."""
    for j in range(fastest.size):
        if out[j] == NOT_COMPUTED or out[j] != out[j]:
            out[j] = _value(_at(slower, fastest[j], k), tol)


def quick_row(slower, fastest, k, tol, out):
    """Write a row by the quick kernel, and its uncertain values by the exact one."""
    wide_vectors()
    doubts = 0
    for j in range(fastest.size):
        out[j] = _quick(_at(slower, fastest[j], k))
        doubts += (out[j] == NOT_COMPUTED) | (out[j] != out[j])
    if doubts > 0:
        _doubts(slower, fastest, k, tol, out)


def block_row(slower, fastest, k, tol, out):
    """Write the values of a row with increasing `fastest`, block by block.

    `_between` gives the common value of a block from its first and last point, or
    NOT_COMPUTED. The first element of a block in `out` holds it until then.
    """
    wide_vectors()
    stop = fastest.size - fastest.size % BLOCK
    for j in range(0, stop, BLOCK):
        first = _at(slower, fastest[j], k)
        out[j] = _between(first, _at(slower, fastest[j + BLOCK - 1], k))
    for j in range(0, stop, BLOCK):
        block = slice(j, j + BLOCK)
        if out[j] == NOT_COMPUTED:
            _fill_row(slower, fastest[block], k, tol, out[block])
        else:
            out[block] = out[j]
    _fill_row(slower, fastest[stop:], k, tol, out[stop:])


def rows_of_map(slower_parameters, k, fastest, tol, out):
    """Write a map row by row."""
    for row in prange(out.shape[0]):
        _fill_row(_slower(slower_parameters, row), fastest, k[row], tol, out[row])


def blocks_of_map(slower_parameters, k, fastest, tol, out):
    """Write a map by blocks of its rows where `fastest` increases."""
    increasing = is_increasing(fastest)
    for row in prange(out.shape[0]):
        if increasing:
            _blocks(_slower(slower_parameters, row), fastest, k[row], tol, out[row])
        else:
            _fill_row(_slower(slower_parameters, row), fastest, k[row], tol, out[row])


def worst(slower_parameters, k, fastest, tol, out):
    """Write the worst value over several curvatures at each point of a map."""
    for row in prange(out.shape[0]):
        slower = _slower(slower_parameters, row)
        _fill_row(slower, fastest, k[0], tol, out[row])
        other = np.empty_like(out[row])
        for i in range(1, k.size):
            _fill_row(slower, fastest, k[i], tol, other)
            for j in range(fastest.size):
                if _sign * other[j] > _sign * out[row, j]:
                    out[row, j] = other[j]


def multi_output(slower_parameters, k, fastest, argument, out):
    """Write the numbers of `_kernel` for each point."""
    for i in prange(out.shape[0]):
        values = _kernel(_at(_slower(slower_parameters, i), fastest[i], k[i]), argument)
        for j in range(len(values)):
            out[i, j] = values[j]


@jit
def is_increasing(values):
    """Return whether no value is below its predecessor; False for NaN."""
    increasing = True
    for i in range(1, values.size):
        increasing &= values[i - 1] <= values[i]
    return increasing


# index: number of arguments − 2
ARGUMENTS = (of_two, of_three, of_four, of_five, of_six, of_seven, of_eight)


def specialise(template: Callable[..., Any], name: str, **names: Any) -> FunctionType:
    """Return a copy of a template with a name of its own and its free names bound.

    A closure over kernels would not be found in Numba's cache by a later process.
    """
    code = template.__code__
    copy = FunctionType(code, {**template.__globals__, **names}, name)
    copy.__qualname__ = f"{name}_{template.__name__}"
    return copy
