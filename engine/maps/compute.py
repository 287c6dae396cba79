"""Fills tiles: from a plan and a block of its grid to arrays of numbers."""

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
    """Computes every quantity of a plan on one tile after another.

    Parameters
    ----------
    plan : what to compute
    threads : how many, at least 1; as many as the process may use by default
    backend : "c", "numba", or "auto" for C where it was built

    Raises
    ------
    InputError
        More threads are asked for than there are, or none, or the backend is not there.
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
        """Return, by name, the quantities on a tile.

        Returns
        -------
        dict of arrays of shape tile.shape; the next call uses their memory again
        """
        head, k, inner = self._coordinates(tile)
        results = {}
        for quantity in self.plan.quantities:
            out = self._buffer(quantity.name, self.plan.dtype_of(quantity), tile)
            rows = out.reshape(-1, inner.size)
            with on_threads(self.threads):
                self._kernels[quantity.name](head, k, inner, self.plan.tol, rows)
            results[quantity.name] = out
        return results

    def _kernel(self, quantity: MapQuantity) -> Callable[..., None]:
        method, dtype = self.plan.method, self.plan.dtype_of(quantity)
        match quantity, self.plan.spectrum:
            case SpectrumQuantity(), Spectrum() as spectrum:
                return _of_spectrum(method, quantity, spectrum, self.plan.tol)
            case Quantity(), Spectrum():
                return worst_kernel(method, quantity)
            case Quantity(), None:
                return fill_kernel(method, quantity, dtype, self.backend, self.threads)
        raise InputError(f"{quantity.name} has no kernel here", "quantity")

    def _coordinates(self, tile: Tile) -> tuple[npt.NDArray[Any], ...]:
        axes = self.plan.axes
        cut = {
            name: axis.values[part]
            for (name, axis), part in zip(axes.items(), tile.slices, strict=True)
        }
        *outer, last = cut
        mesh = np.meshgrid(*(cut[name] for name in outer), indexing="ij")
        rows = {n: values.ravel() for n, values in zip(outer, mesh, strict=True)}
        slower = [rows[name] for name in self.plan.method.parameters[:-1]]
        n_rows = tile.size // cut[last].size
        head = np.array(slower, dtype=np.float64).reshape(len(slower), n_rows)
        return head, self._curvatures(rows), cut[last]

    def _curvatures(self, rows: dict[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Return k of each row; over a spectrum the ends, where the worst k lies.

        T and D are affine in k, and the (T, D) with ρ ≤ r form a triangle, so ρ as a
        function of k has no maximum inside.
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


def _of_spectrum(
    method: Method, quantity: SpectrumQuantity, spectrum: Spectrum, tol: float
) -> Callable[..., None]:
    """Return what fills a block of a map of a whole spectrum, called as the others."""
    modes, groups, argument = table_of(quantity, spectrum, tol)
    kernel = spectrum_map_kernel(method, quantity.template)

    def compute(head: Any, k: Any, inner: Any, tol: float, out: Any) -> None:
        kernel(head, modes, groups, inner, argument, quantity.memory, out)

    return compute
