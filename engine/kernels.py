"""Compiles method × quantity into a ufunc and into parallel kernels.

Every jit option of the project stands here or in `precise.jit`:

- cache: a kernel is compiled once per machine. The folder carries a hash of these
  sources, because Numba itself only looks at the file of the outermost function.
- parallel: rows go to threads; no reduction crosses rows, so that the bits do not
  depend on the number of threads.
- error_model="numpy", nogil, no fastmath: see `precise.jit`.
"""

from __future__ import annotations

import functools
import inspect
import os
import threading
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numba
import numpy as np
from numba import prange

from .cache import caching
from .intrinsics import stream_line, wide_vectors
from .methods import VARIABLES, Method
from .precise import jit
from .quantities import Quantity
from .regimes import NOT_COMPUTED

# Numba's simplest threading layer aborts the process when two threads start kernels.
PARALLEL = threading.Lock()


# so many points of a row are tried to be told from two
BLOCK = 64
# and so many are streamed to memory
CHUNK = 128

# The functions below are templates: these names are blanks, which `_specialise` fills
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


def _plain_value(r, tol):
    return _kernel(r)


def _value_with_tol(r, tol):
    return _kernel(r, tol)


def _slower_one(head, row):
    return ()


def _slower_two(head, row):
    return (head[0, row],)


def _slower_three(head, row):
    return head[0, row], head[1, row]


def _at_one(slower, inner, k):
    return _recurrence(inner, k)


def _at_two(slower, inner, k):
    return _recurrence(slower[0], inner, k)


def _at_three(slower, inner, k):
    return _recurrence(slower[0], slower[1], inner, k)


def _point_one(a, k):
    return _value(_recurrence(a, k), 0.0)


def _point_two(a, b, k):
    return _value(_recurrence(a, b, k), 0.0)


def _point_three(a, b, c, k):
    return _value(_recurrence(a, b, c, k), 0.0)


def _tol_point_one(a, k, tol):
    return _value(_recurrence(a, k), tol)


def _tol_point_two(a, b, k, tol):
    return _value(_recurrence(a, b, k), tol)


def _tol_point_three(a, b, c, k, tol):
    return _value(_recurrence(a, b, c, k), tol)


def _row(slower, inner, k, tol, out):
    for j in range(inner.size):
        out[j] = _value(_at(slower, inner[j], k), tol)


def _streamed_row(slower, inner, k, tol, out):
    # chunks that begin where a line does are made in the cache and streamed to memory,
    # which pays in long rows
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


def _quick_row(slower, inner, k, tol, out):
    wide_vectors()
    for j in range(inner.size):
        out[j] = _quick(_at(slower, inner[j], k))
    for j in range(inner.size):
        if out[j] == NOT_COMPUTED or out[j] != out[j]:
            out[j] = _value(_at(slower, inner[j], k), tol)


def _block_row(slower, inner, k, tol, out):
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


def _map(head, k, inner, tol, out):
    for row in prange(out.shape[0]):
        _fill_row(_slower(head, row), inner, k[row], tol, out[row])


def _block_map(head, k, inner, tol, out):
    rises = _rises(inner)
    for row in prange(out.shape[0]):
        if rises:
            _blocks(_slower(head, row), inner, k[row], tol, out[row])
        else:
            _fill_row(_slower(head, row), inner, k[row], tol, out[row])


def _worst(head, k, inner, tol, out):
    for row in prange(out.shape[0]):
        slower = _slower(head, row)
        _fill_row(slower, inner, k[0], tol, out[row])
        other = np.empty_like(out[row])
        for i in range(1, k.size):
            _fill_row(slower, inner, k[i], tol, other)
            for j in range(inner.size):
                if _sign * other[j] > _sign * out[row, j]:
                    out[row, j] = other[j]


def _several(head, k, inner, argument, out):
    for i in prange(out.shape[0]):
        values = _kernel(_at(_slower(head, i), inner[i], k[i]), argument)
        for j in range(len(values)):
            out[i, j] = values[j]


_SLOWER = (_slower_one, _slower_two, _slower_three)
_AT = (_at_one, _at_two, _at_three)
_POINT = (_point_one, _point_two, _point_three)
_TOL_POINT = (_tol_point_one, _tol_point_two, _tol_point_three)


def _specialise(template: Callable[..., Any], name: str, **names: Any) -> FunctionType:
    """Return a copy of a template under its own name, with free names bound.

    Closures would do, but Numba never finds a closure over kernels in its cache again.
    """
    code = template.__code__
    copy = FunctionType(code, {**globals(), **names}, name)
    copy.__qualname__ = f"{name}_{template.__name__}"
    return copy


def _parts(method: Method, quantity: Quantity) -> dict[str, Any]:
    template = _value_with_tol if quantity.needs_tol else _plain_value
    value = _specialise(template, quantity.name, _kernel=quantity.kernel)
    return {"_recurrence": method.recurrence, "_value": jit(value)}


def _place(method: Method) -> dict[str, Any]:
    """Return what finds the recurrence of a point in a block of a grid."""
    which = len(method.parameters) - 1
    at = _specialise(_AT[which], method.name, _recurrence=method.recurrence)
    return {"_slower": jit(_SLOWER[which]), "_at": jit(at)}


@functools.cache
def ufunc(method: Method, quantity: Quantity) -> np.ufunc:
    """Return the NumPy ufunc (*parameters, k[, tol]) of a quantity of a method."""
    templates = _TOL_POINT if quantity.needs_tol else _POINT
    template = templates[len(method.parameters) - 1]
    name = f"{method.name}_{quantity.name}"
    scalar = _specialise(template, name, **_parts(method, quantity))
    scalar.__doc__ = _document(method, quantity)
    count = len(method.parameters) + 1 + quantity.needs_tol
    signature = f"{quantity.dtype}({', '.join(['float64'] * count)})"
    with caching():
        compiled: np.ufunc = numba.vectorize([signature], cache=True)(scalar)
    return compiled


def _docstring(kernel: Any) -> str:
    return inspect.getdoc(kernel.py_func) or ""


def _document(method: Method, quantity: Quantity) -> str:
    """Return the docstring of a ufunc."""
    about = _docstring(quantity.kernel), _docstring(method.recurrence)
    names = (*method.parameters, "k")
    lines = [f"{n} : real, {VARIABLES[n][0]}; {VARIABLES[n][1]}" for n in names]
    if quantity.needs_tol:
        lines.append("tol : in (0, 1), relative to w_0")
    codes = "-128" if quantity.flags else "NaN"
    return "\n".join(
        (
            f"{about[0]}\n",
            f"Of the {method.long_name}: {about[1].removeprefix('Return ')}\n",
            "Parameters\n----------",
            *lines,
            "out : array to be filled, as for every NumPy ufunc\n",
            "Returns\n-------",
            f"{quantity.dtype}, of the shape that the arguments broadcast to",
            f"    {quantity.long_name}, unit {quantity.units}: {quantity.comment}; "
            f"{codes} where an argument is NaN",
        )
    )


@functools.cache
def map_kernel(method: Method, quantity: Quantity) -> Callable[..., None]:
    """Return the kernel (head, k, inner, tol, out) that fills a block of a grid.

    Parameters of the kernel
    ------------------------
    head : (n_parameters − 1, rows) the slower parameters of each row
    k : (rows,) the curvature of each row
    inner : (n,) values of the fastest parameter
    tol : tolerance, for the quantities that need one
    out : (rows, n) to be filled
    """
    template = _map if quantity.between is None else _block_map
    return _parallel(template, method, quantity)


@functools.cache
def worst_kernel(method: Method, quantity: Quantity) -> Callable[..., None]:
    """Return the kernel (head, k, inner, tol, out) for the worst of several k.

    As `map_kernel`, but k has the curvatures over which the worst value is taken.
    """
    sign = 1.0 if quantity.worst == "max" else -1.0
    return _parallel(_worst, method, quantity, _sign=sign)


@functools.cache
def several_kernel(method: Method, kernel: Any) -> Callable[..., None]:
    """Return the kernel (head, k, inner, argument, out) of several numbers a point.

    `kernel` returns them as a tuple, from a recurrence and the argument; out is
    (points, numbers).
    """
    name = f"{method.name}_{kernel.py_func.__name__}"
    names = {**_place(method), "_kernel": kernel}
    with caching():
        return _compile(_specialise(_several, name, **names))


def _parallel(
    template: Callable[..., Any], method: Method, quantity: Quantity, **names: Any
) -> Callable[..., None]:
    name = f"{method.name}_{quantity.name}"
    rows = _rows(method, quantity, name)
    with caching():
        return _compile(_specialise(template, name, **rows, **names))


def _rows(method: Method, quantity: Quantity, name: str) -> dict[str, Any]:
    """Return what fills a row, and what does so by blocks where that can be."""
    names = {
        **_parts(method, quantity),
        **_place(method),
        "_quick": quantity.quick,
        "_between": quantity.between,
    }
    if quantity.quick is not None:
        names["_fill_row"] = jit(_specialise(_quick_row, name, **names))
    else:
        names["_plain_row"] = names["_fill_row"] = jit(_specialise(_row, name, **names))
    if quantity.streams:
        names["_fill_row"] = jit(_specialise(_streamed_row, name, **names))
    if quantity.between is not None:
        names["_blocks"] = jit(_specialise(_block_row, name, **names))
    return names


@jit
def _rises(values):
    rises = True
    for i in range(1, values.size):
        rises &= values[i - 1] <= values[i]
    return rises


def _compile(function: Callable[..., Any], parallel: bool = True) -> Callable[..., Any]:
    options = {"cache": True, "nogil": True, "error_model": "numpy"}
    compiled: Callable[..., Any] = numba.njit(parallel=parallel, **options)(function)
    return compiled


def cached(function: Callable[..., Any], parallel: bool = False) -> Callable[..., Any]:
    """Return a kernel that is compiled at first use, on one thread unless parallel.

    For functions at the top of a module, which Numba's cache knows by their file.
    """
    with caching():
        return _compile(function, parallel)


def default_threads() -> int:
    """Return how many threads a kernel uses: the cores that this process may use."""
    most = int(numba.config.NUMBA_NUM_THREADS)
    granted = os.environ.get("SLURM_CPUS_PER_TASK", "")
    return min(most, max(1, int(granted))) if granted.isdecimal() else most


def threading_layer() -> str:
    """Return the name of the threading layer that Numba runs kernels on."""
    with PARALLEL, caching():
        _compile(_nothing)(np.zeros(2))
    layer: str = numba.threading_layer()
    return layer


def _nothing(values: Any) -> None:
    for i in prange(values.size):
        values[i] = 0.0
