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
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import prange

from ..arithmetic.jit import jit
from ..modes.methods import VARIABLES, Method
from ..quantities.quantity import Quantity
from ..spectrum_quantities import point_templates
from . import templates
from .cache import caching
from .templates import specialise
from .threads import on_threads


def _parts(method: Method, quantity: Quantity) -> dict[str, Any]:
    template = templates.value_with_tol if quantity.needs_tol else templates.plain_value
    value = specialise(template, quantity.name, _kernel=quantity.kernel)
    return {"_recurrence": method.recurrence, "_value": jit(value)}


def _place(method: Method) -> dict[str, Any]:
    """Return what finds the recurrence of a point in a block of a grid."""
    slower = jit(templates.no_slower)
    for place in range(len(method.parameters) - 1):
        names = {"_slower": slower, "_place": place}
        slower = jit(specialise(templates.one_slower, method.name, **names))
    at = specialise(templates.at, method.name, _recurrence=method.recurrence)
    return {"_slower": slower, "_at": jit(at)}


@functools.cache
def ufunc(method: Method, quantity: Quantity) -> np.ufunc:
    """Return the NumPy ufunc (*parameters, k[, tol]) of a quantity of a method."""
    template = templates.tol_point if quantity.needs_tol else templates.point
    name = f"{method.name}_{quantity.name}"
    point = specialise(template, name, **_parts(method, quantity))
    count = len(method.parameters) + 1 + quantity.needs_tol
    scalar = specialise(templates.ARGUMENTS[count - 2], name, _point=jit(point))
    scalar.__doc__ = _document(method, quantity)
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
    lines = [
        f"{n} : real, {VARIABLES[n].long_name}; {VARIABLES[n].comment}" for n in names
    ]
    if quantity.needs_tol:
        lines.append("tol : in [1e-290, 1), relative to w_0")
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
    template = (
        templates.rows_of_map if quantity.between is None else templates.blocks_of_map
    )
    return _parallel(template, method, quantity)


@functools.cache
def worst_kernel(method: Method, quantity: Quantity) -> Callable[..., None]:
    """Return the kernel (head, k, inner, tol, out) for the worst of several k.

    As `map_kernel`, but k has the curvatures over which the worst value is taken.
    """
    sign = 1.0 if quantity.worst == "max" else -1.0
    return _parallel(templates.worst, method, quantity, _sign=sign)


@functools.cache
def multi_output_kernel(method: Method, kernel: Any) -> Callable[..., None]:
    """Return the kernel (head, k, inner, argument, out) of several numbers a point.

    `kernel` returns them as a tuple, from a recurrence and the argument; out is
    (points, numbers).
    """
    name = f"{method.name}_{kernel.py_func.__name__}"
    names = {**_place(method), "_kernel": kernel}
    with caching():
        return _compile(specialise(templates.multi_output, name, **names))


@functools.cache
def spectrum_map_kernel(
    method: Method, template: Callable[..., Any]
) -> Callable[..., None]:
    """Return the kernel (head, modes, groups, inner, argument, memory, out) of a map.

    The map is one of a whole spectrum, by the template of its quantity.

    Parameters of the kernel
    ------------------------
    head, inner, out : as for `map_kernel`
    modes, groups, argument : see `tables.Table`
    memory : doubles that a mode needs
    """
    names = _place(method)
    for part in ("quickly", "fill", "exceeds", "fallen", "error", "listed", "search"):
        piece = specialise(getattr(point_templates, part), method.name, **names)
        names[f"_{part}"] = jit(piece)
    names["_point"] = jit(specialise(template, method.name, **names))
    name = f"{method.name}_{template.__name__}"
    with caching():
        return _compile(specialise(point_templates.points_of_map, name, **names))


def _parallel(
    template: Callable[..., Any], method: Method, quantity: Quantity, **names: Any
) -> Callable[..., None]:
    name = f"{method.name}_{quantity.name}"
    rows = _rows(method, quantity, name)
    with caching():
        return _compile(specialise(template, name, **rows, **names))


def _rows(method: Method, quantity: Quantity, name: str) -> dict[str, Any]:
    """Return what fills a row, and what does so by blocks where that can be."""
    names = {
        **_parts(method, quantity),
        **_place(method),
        "_quick": quantity.quick,
        "_between": quantity.between,
    }
    if quantity.quick is not None:
        names["_fill_row"] = jit(specialise(templates.quick_row, name, **names))
    else:
        names["_plain_row"] = names["_fill_row"] = jit(
            specialise(templates.row, name, **names)
        )
    if quantity.streams:
        names["_fill_row"] = jit(specialise(templates.streamed_row, name, **names))
    if quantity.between is not None:
        names["_blocks"] = jit(specialise(templates.block_row, name, **names))
    return names


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


def threading_layer() -> str:
    """Return the name of the threading layer that Numba runs kernels on."""
    with on_threads(None), caching():
        _compile(_nothing)(np.zeros(2))
    layer: str = numba.threading_layer()
    return layer


def _nothing(values: Any) -> None:
    for i in prange(values.size):
        values[i] = 0.0
