"""Computes the quantities of a plan on tiles of its grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from ..backends.compile import spectrum_map_kernel, worst_kernel
from ..backends.select import choose_backend, fill_kernel
from ..backends.threads import choose_threads, on_threads
from ..callbacks import ignore
from ..errors import InputError
from ..modes.methods import Method
from ..quantities.quantity import MapQuantity, Quantity
from ..spectra.spectrum import Spectrum
from ..spectrum_quantities.spectrum_quantity import SpectrumQuantity
from .grid import Tile
from .mode_table import table_of
from .pieces import Pace, Piece
from .plan import Plan

# points for each thread, at least, where the points of a row go to threads
_POINTS_OF_THREAD = 128
Arrays = dict[str, npt.NDArray[Any]]
# called with a number of points; whether to stop
Between = Callable[[int], object]


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
        self._paces = {q.name: self._pace(q) for q in plan.quantities}
        self._buffers: Arrays = {}
        self._warm = False

    def warm_up(self) -> None:
        """Compile the kernels, by computing a point; a second call does nothing."""
        if not self._warm:
            corner = (0,) * len(self.plan.grid.shape)
            point = Tile(0, corner, tuple(i + 1 for i in corner))
            whole = Piece(slice(0, 1), slice(0, 1))
            for quantity in self.plan.quantities:
                out = np.empty((1, 1), self.plan.dtype_of(quantity))
                self._compute(quantity.name, self._coordinates(point), whole, out)
            self._warm = True

    @overload
    def __call__(self, tile: Tile) -> Arrays: ...
    @overload
    def __call__(self, tile: Tile, between: Between) -> Arrays | None: ...
    def __call__(self, tile: Tile, between: Between = ignore) -> Arrays | None:
        """Return the quantities on a tile, which is computed in pieces.

        Parameters
        ----------
        tile : of the grid
        between : called after each piece but the last, with the number of points that
            are computed; what it returns tells whether to stop

        Returns
        -------
        dict: name → array of shape tile.shape, None if it was stopped. The next call
        overwrites the arrays.
        """
        self.warm_up()
        coordinates = self._coordinates(tile)
        results: Arrays = {}
        computed, size = 0, tile.size * len(self.plan.quantities)
        for quantity in self.plan.quantities:
            out = self._buffer(quantity.name, self.plan.dtype_of(quantity), tile)
            rows = out.reshape(-1, coordinates[-1].size)
            for piece in self._paces[quantity.name].pieces(*rows.shape):
                self._compute(quantity.name, coordinates, piece, rows[piece])
                computed += rows[piece].size
                # an estimate in points of all quantities
                if computed < size and between(computed * tile.size // size):
                    return None
            results[quantity.name] = out
        return results

    def _compute(
        self,
        name: str,
        coordinates: tuple[npt.NDArray[Any], ...],
        piece: Piece,
        out: npt.NDArray[Any],
    ) -> None:
        """Compute a piece of a tile; the bits do not depend on the pieces."""
        slower_parameters, k, fastest = coordinates
        slower_parameters = np.ascontiguousarray(slower_parameters[:, piece.rows])
        k = k[piece.rows] if self.plan.spectrum is None else k
        with on_threads(self.threads):
            self._kernels[name](
                slower_parameters, k, fastest[piece.columns], self.plan.tol, out
            )

    def _pace(self, quantity: MapQuantity) -> Pace:
        if quantity.over_all_modes:
            return Pace(_POINTS_OF_THREAD * self.threads, whole_rows=False)
        return Pace(self.threads, whole_rows=True)

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
