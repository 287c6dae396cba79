"""Compilation of method × quantity into ufuncs and parallel kernels.

All options of Numba are set here or in `arithmetic.jit`:

- a kernel is compiled once per machine and version of the sources, see `kernel_files`.
- parallel: rows are distributed over threads. No reduction crosses rows, so that the
  bits do not depend on the number of threads.
- error_model="numpy", nogil, no fastmath: see `arithmetic.jit`.
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
from ..citations import with_source
from ..errors import InputError
from ..modes.methods import VARIABLES, Method
from ..quantities.quantity import Quantity
from ..spectrum_quantities import point_templates
from . import templates
from .kernel_files import keep
from .templates import specialise
from .threads import on_threads


def _parts(method: Method, quantity: Quantity) -> dict[str, Any]:
    template = templates.value_with_tol if quantity.needs_tol else templates.plain_value
    value = specialise(template, quantity.name, _kernel=quantity.kernel)
    return {"_recurrence": method.recurrence, "_value": jit(value)}


def _accessors(method: Method) -> dict[str, Any]:
    """Return `_slower`, the slower parameters of a row, and `_at`, the recurrence."""
    slower = jit(templates.no_slower)
    for index in range(len(method.parameters) - 1):
        names = {"_slower": slower, "_index": index}
        slower = jit(specialise(templates.one_slower, method.name, **names))
    at = specialise(templates.at, method.name, _recurrence=method.recurrence)
    return {"_slower": slower, "_at": jit(at)}


@functools.cache
def ufunc(method: Method, quantity: Quantity) -> np.ufunc:
    """Return the ufunc (*parameters, k[, tol]) of a method and a quantity."""
    _require_compiler()
    template = templates.tol_point if quantity.needs_tol else templates.point
    name = f"{method.name}_{quantity.name}"
    point = specialise(template, name, **_parts(method, quantity))
    count = len(method.parameters) + 1 + quantity.needs_tol
    scalar = specialise(templates.ARGUMENTS[count - 2], name, _point=jit(point))
    scalar.__doc__ = _ufunc_docstring(method, quantity)
    signature = f"{quantity.dtype}({', '.join(['float64'] * count)})"
    compiled: np.ufunc = numba.vectorize(scalar)
    keep(compiled._dispatcher, "cache")  # type: ignore[attr-defined]
    compiled.add(signature)  # type: ignore[attr-defined]
    compiled.disable_compile()  # type: ignore[attr-defined]
    return compiled


def _docstring(kernel: Any) -> str:
    return inspect.getdoc(kernel.py_func) or ""


def _ufunc_docstring(method: Method, quantity: Quantity) -> str:
    value, recurrence = _docstring(quantity.kernel), _docstring(method.recurrence)
    names = (*method.parameters, "k")
    lines = [
        f"{n} : real, {VARIABLES[n].long_name}; {VARIABLES[n].comment}" for n in names
    ]
    if quantity.needs_tol:
        lines.append("tol : tolerance in [1e-290, 1), relative to |w_0|")
    codes = "-128" if quantity.flags else "NaN"
    text = "\n".join(
        (
            f"{value}\n",
            f"For {method.long_name}: {recurrence.removeprefix('Return ')}\n",
            "Parameters\n----------",
            *lines,
            "out : output array, as for every NumPy ufunc\n",
            "Returns\n-------",
            f"{quantity.dtype}, of the broadcast shape of the arguments",
            f"    {quantity.long_name}, unit {quantity.units}: {quantity.comment}; "
            f"{codes} if an argument is NaN",
        )
    )
    return with_source(text)


@functools.cache
def map_kernel(method: Method, quantity: Quantity) -> Callable[..., None]:
    """Return the kernel (slower_parameters, k, fastest, tol, out) of a map.

    Parameters of the kernel
    ------------------------
    slower_parameters : (n_parameters − 1, rows) values of all parameters but the last
    k : (rows,) curvature of each row
    fastest : (n,) values of the last parameter, which varies along a row
    tol : tolerance, for quantities that need one
    out : (rows, n) output
    """
    template = (
        templates.rows_of_map if quantity.between is None else templates.blocks_of_map
    )
    return _parallel(template, method, quantity)


@functools.cache
def worst_kernel(method: Method, quantity: Quantity) -> Callable[..., None]:
    """Return the kernel (slower_parameters, k, fastest, tol, out) of the worst value.

    As `map_kernel`, but k, (m,), holds the curvatures over which the worst value of
    each point is taken.
    """
    sign = 1.0 if quantity.worst == "max" else -1.0
    return _parallel(templates.worst, method, quantity, _sign=sign)


@functools.cache
def multi_output_kernel(method: Method, kernel: Any) -> Callable[..., None]:
    """Return the kernel (slower_parameters, k, fastest, argument, out) of m numbers.

    `kernel` maps (Recurrence, argument) to a tuple of m numbers. Each row has one
    point; out is (points, m).
    """
    name = f"{method.name}_{kernel.py_func.__name__}"
    names = {**_accessors(method), "_kernel": kernel}
    return _compile(specialise(templates.multi_output, name, **names))


@functools.cache
def spectrum_map_kernel(
    method: Method, template: Callable[..., Any]
) -> Callable[..., None]:
    """Return the kernel of a map of a whole spectrum.

    Parameters
    ----------
    method : of the recurrences
    template : of the quantity, see `SpectrumQuantity`

    Parameters of the kernel
    ------------------------
    slower_parameters : as for `map_kernel`
    modes, clusters : see `mode_table.Table`
    fastest : as for `map_kernel`
    argument : see `mode_table.Table`
    memory : workspace, in doubles for each mode
    out : as for `map_kernel`
    """
    names = _accessors(method)
    for part in ("quickly", "fill", "exceeds", "fallen", "error", "listed", "search"):
        piece = specialise(getattr(point_templates, part), method.name, **names)
        names[f"_{part}"] = jit(piece)
    names["_point"] = jit(specialise(template, method.name, **names))
    name = f"{method.name}_{template.__name__}"
    return _compile(specialise(point_templates.points_of_map, name, **names))


def _parallel(
    template: Callable[..., Any], method: Method, quantity: Quantity, **names: Any
) -> Callable[..., None]:
    name = f"{method.name}_{quantity.name}"
    rows = _rows(method, quantity, name)
    return _compile(specialise(template, name, **rows, **names))


def _rows(method: Method, quantity: Quantity, name: str) -> dict[str, Any]:
    """Return the names of map templates: kernels of rows, and of rows by blocks."""
    names = {
        **_parts(method, quantity),
        **_accessors(method),
        "_quick": quantity.quick,
        "_between": quantity.between,
    }
    names["_doubts"] = jit(specialise(templates.doubts, name, **names))
    template = templates.row if quantity.quick is None else templates.quick_row
    names["_plain_row"] = names["_fill_row"] = jit(specialise(template, name, **names))
    if quantity.streams:
        names["_fill_row"] = jit(specialise(templates.streamed_row, name, **names))
    if quantity.between is not None:
        names["_blocks"] = jit(specialise(templates.block_row, name, **names))
    return names


def _compile(function: Callable[..., Any], parallel: bool = True) -> Callable[..., Any]:
    _require_compiler()
    options = {"nogil": True, "error_model": "numpy"}
    compiled: Callable[..., Any] = numba.njit(parallel=parallel, **options)(function)
    keep(compiled, "_cache")
    return compiled


def _require_compiler() -> None:
    if numba.config.DISABLE_JIT:
        raise InputError("NUMBA_DISABLE_JIT is set, and kernels are compiled; unset it")


def cached(function: Callable[..., Any], parallel: bool = False) -> Callable[..., Any]:
    """Return a cached kernel of a function, compiled at its first call.

    The function must be at the top level of a module: Numba's cache identifies it by
    its file.
    """
    return _compile(function, parallel)


def threading_layer() -> str:
    """Return the name of Numba's threading layer."""
    with on_threads(None):
        _compile(_clear)(np.zeros(2))
    layer: str = numba.threading_layer()
    return layer


def _clear(values: Any) -> None:
    for i in prange(values.size):
        values[i] = 0.0
