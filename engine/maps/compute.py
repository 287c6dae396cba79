"""Computes the quantities of a plan on tiles of its grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..backends.compile import spectrum_map_kernel, worst_kernel
from ..backends.select import choose_backend, fill_kernel
from ..backends.threads import choose_threads, on_threads
from ..errors import InputError
from ..modes.methods import Method
from ..quantities.quantity import MapQuantity, Quantity
from ..spectra.spectrum import Spectrum
from ..spectrum_quantities.spectrum_quantity import SpectrumQuantity
from .grid import Tile
from .mode_table import table_of
from .plan import Plan


class TileComputer:
    """Computes the quantities of a plan, tile by tile.

    Parameters
    ----------
    plan : grid, method, quantities, tolerance, spectrum
    threads : number of threads ≥ 1, by default all that the process may use
    backend : "c", "numba", or "auto": C if the C kernels were built

    Raises
    ------
    InputError
        The number of threads is out of range, or the backend is not available.
    """

    def __init__(
        self, plan: Plan, threads: int | None = None, backend: str = "auto"
    ) -> None:
        self.threads = choose_threads(threads)
        self.plan = plan
        self.backend = choose_backend(backend)
        self._kernels = {q.name: self._kernel(q) for q in plan.quantities}
        self._buffers: dict[str, npt.NDArray[Any]] = {}

    def __call__(self, tile: Tile) -> dict[str, npt.NDArray[Any]]:
        """Return the quantities on a tile.

        Returns
        -------
        dict: name → array of shape tile.shape. The next call overwrites the arrays.
        """
        slower_parameters, k, fastest = self._coordinates(tile)
        results = {}
        for quantity in self.plan.quantities:
            out = self._buffer(quantity.name, self.plan.dtype_of(quantity), tile)
            rows = out.reshape(-1, fastest.size)
            with on_threads(self.threads):
                self._kernels[quantity.name](
                    slower_parameters, k, fastest, self.plan.tol, rows
                )
            results[quantity.name] = out
        return results

    def _kernel(self, quantity: MapQuantity) -> Callable[..., None]:
        method, dtype = self.plan.method, self.plan.dtype_of(quantity)
        match quantity, self.plan.spectrum:
            case SpectrumQuantity(), Spectrum() as spectrum:
                return _spectrum_kernel(method, quantity, spectrum, self.plan.tol)
            case Quantity(), Spectrum():
                return worst_kernel(method, quantity)
            case Quantity(), None:
                return fill_kernel(method, quantity, dtype, self.backend, self.threads)
        raise InputError(f"{quantity.name} has no kernel for this plan", "quantity")

    def _coordinates(self, tile: Tile) -> tuple[npt.NDArray[Any], ...]:
        """Return slower_parameters, k and fastest of a tile, see `map_kernel`."""
        axes = self.plan.axes
        values = {
            name: axis.values[interval]
            for (name, axis), interval in zip(axes.items(), tile.slices, strict=True)
        }
        *slower, fastest = values
        mesh = np.meshgrid(*(values[name] for name in slower), indexing="ij")
        rows = {name: column.ravel() for name, column in zip(slower, mesh, strict=True)}
        columns = [rows[name] for name in self.plan.method.parameters[:-1]]
        n_rows = tile.size // values[fastest].size
        slower_parameters = np.array(columns, dtype=np.float64)
        return (
            slower_parameters.reshape(len(columns), n_rows),
            self._curvatures(rows),
            values[fastest],
        )

    def _curvatures(self, rows: dict[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Return the k of each row; for a spectrum, its smallest and largest k.

        T and D are affine in k, and {(T, D): ρ ≤ r} is a triangle, hence convex. The
        maximum of ρ over an interval of k is therefore at one of its ends.
        """
        if self.plan.spectrum is None:
            return rows["k"]
        if all(quantity.over_all_modes for quantity in self.plan.quantities):
            return np.empty(0)
        k = self.plan.spectrum.positive.k
        return np.array([k[0], k[-1]])

    def _buffer(self, name: str, dtype: np.dtype[Any], tile: Tile) -> npt.NDArray[Any]:
        buffer = self._buffers.get(name)
        if buffer is None or buffer.size < tile.size:
            buffer = self._buffers[name] = np.empty(tile.size, dtype=dtype)
        return buffer[: tile.size].reshape(tile.shape)


def _spectrum_kernel(
    method: Method, quantity: SpectrumQuantity, spectrum: Spectrum, tol: float
) -> Callable[..., None]:
    """Return the kernel of a quantity of a whole spectrum, called as `map_kernel`."""
    modes, clusters, argument = table_of(quantity, spectrum, tol)
    kernel = spectrum_map_kernel(method, quantity.template)

    def compute(
        slower_parameters: Any, _k: Any, fastest: Any, _tol: float, out: Any
    ) -> None:
        kernel(
            slower_parameters, modes, clusters, fastest, argument, quantity.memory, out
        )

    return compute
