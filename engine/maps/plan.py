"""The plan: all that determines the values of a sweep, with its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np

from ..display import Shown
from ..errors import InputError
from ..modes.methods import METHODS, Method
from ..quantities.quantity import MapQuantity
from ..quantities.settling_time import LEAST_TOL
from ..spectra.spectrum import Spectrum, require_spectrum
from ..spectrum_quantities.registry import quantity_of
from ..typing import Floats
from ..validation import about, names_in
from .axis import Axis
from .grid import Grid

DTYPES = ("float64", "float32")
_ARGUMENTS = ("quantities", "method", "spectrum", "tol", "dtype")
# what indices of arrays and of HDF5 can count
_MOST_POINTS = 2**63 - 1
# number of modes up to which tiles keep their size
_FEW_MODES = 64


class Plan(Shown):
    """Grid, method, quantities, tolerance and, for whole-spectrum maps, the spectrum.

    Parameters
    ----------
    quantities : a name, or distinct names, see `quantity_of`
    method : name of a method
    spectrum : for maps of a whole spectrum, instead of an axis of k
    tol : tolerance of settling times, in [1e-290, 1)
    dtype : "float64" or "float32", the stored type of quantities that allow both
    **axes : Axis, number or values for each parameter of the method and for k

    Raises
    ------
    InputError
        An axis is missing, unknown or invalid; the grid has too many points; a name is
        unknown or repeated; tol is out of range; the spectrum has negative modes that a
        quantity does not allow.
    """

    def __init__(
        self,
        *,
        quantities: str | Sequence[str] = "spectral_radius",
        method: str = "heavy_ball",
        spectrum: Spectrum | None = None,
        tol: float = 1e-6,
        dtype: str = "float64",
        **axes: Axis | float | Sequence[float] | Floats,
    ) -> None:
        self.method: Method = METHODS[choose("method", method, METHODS)]
        if spectrum is not None:
            require_spectrum(spectrum)
        self.spectrum = spectrum
        self.quantities: tuple[MapQuantity, ...] = tuple(
            quantity_of(name, spectrum is not None) for name in names_in(quantities)
        )
        self.tol = float(tol)
        self.dtype = choose("dtype", dtype, DTYPES)
        self._check()
        self.grid = Grid(
            self._sorted_axes(axes), finer=self._finer, small_tiles=self._over_all_modes
        )
        if self.grid.size > _MOST_POINTS:
            raise InputError(
                f"{self.grid.size:.3g} points; a grid has up to {_MOST_POINTS:.3g}; "
                "give fewer values on an axis"
            )

    def _check(self) -> None:
        names = [quantity.name for quantity in self.quantities]
        if not names:
            raise InputError("at least one is needed", "quantity")
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"{name} is given twice", "quantity")
        if not LEAST_TOL <= self.tol < 1:
            raise InputError(f"{self.tol:g} is outside [{LEAST_TOL:g}, 1)", "tol")
        if self.spectrum is None:
            return
        positive_only = any(quantity.positive_only for quantity in self.quantities)
        with about("spectrum"):
            self.spectrum.filtered(negative="error" if positive_only else "keep")

    def _sorted_axes(self, values: dict[str, Any]) -> dict[str, Axis]:
        names = [
            name
            for name in self.method.dimensions
            if name != "k" or self.spectrum is None
        ]
        for name in values:
            if name not in names:
                why = " with a spectrum" if name == "k" else ""
                meant = get_close_matches(name, _ARGUMENTS)
                hint = f"; {meant[0]} is an argument" if meant else ""
                raise InputError(
                    f"{self.method.name} has no such axis{why}; "
                    f"its axes are {', '.join(names)}{hint}",
                    name,
                )
        return {name: _axis(name, values.get(name)) for name in names}

    @property
    def _finer(self) -> int:
        """Return `finer` of the grid, larger where a point needs all of many modes."""
        modes = len(self.spectrum or ()) if self._over_all_modes else 0
        return 1 + modes // _FEW_MODES

    @property
    def _over_all_modes(self) -> bool:
        return any(quantity.over_all_modes for quantity in self.quantities)

    @property
    def axes(self) -> dict[str, Axis]:
        """Return the axes by name, in the order of the dimensions."""
        return dict(self.grid.axes)

    def dtype_of(self, quantity: MapQuantity) -> np.dtype[Any]:
        """Return the type of the stored values of a quantity."""
        return np.dtype(self.dtype if quantity.narrow else quantity.dtype)

    @cached_property
    def nbytes(self) -> int:
        """Return the uncompressed size of all quantities, in bytes."""
        per_point = sum(
            self.dtype_of(quantity).itemsize for quantity in self.quantities
        )
        return self.grid.size * per_point

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as values for JSON, the inverse of `from_dict`."""
        return {
            "axes": {
                name: {"scale": axis.scale, "values": axis.values.tolist()}
                for name, axis in self.grid.axes.items()
            },
            "dtype": self.dtype,
            "method": self.method.name,
            "quantities": [quantity.name for quantity in self.quantities],
            "spectrum": _spectrum_to_dict(self.spectrum),
            "tol": self.tol,
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Plan:
        """Return the plan of a record made by `to_dict`.

        Raises
        ------
        InputError
            A key of the record is missing, or a value is not allowed.
        """
        try:
            axes = {
                name: Axis(axis["scale"], np.array(axis["values"], dtype=np.float64))
                for name, axis in record["axes"].items()
            }
            spectrum = record["spectrum"]
            return cls(
                quantities=record["quantities"],
                method=record["method"],
                spectrum=None if spectrum is None else Spectrum(**spectrum),
                tol=record["tol"],
                dtype=record["dtype"],
                **axes,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"not the record of a plan: {error!r}") from error

    def to_json(self) -> str:
        """Return the canonical JSON: sorted keys, no spaces, shortest exact numbers."""
        return self._json

    @cached_property
    def _json(self) -> str:
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))

    @cached_property
    def sha256(self) -> str:
        """Return the SHA-256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def _rows(self) -> dict[str, str]:
        """Return name → short text."""
        lines = {
            "method": self.method.name,
            "quantities": " ".join(one.name for one in self.quantities),
            **{name: axis.shown for name, axis in self.grid.axes.items()},
            "tol": f"{self.tol:g}",
            "dtype": self.dtype,
        }
        return lines | ({"spectrum": repr(self.spectrum)} if self.spectrum else {})

    def describe(self) -> dict[str, str]:
        """Return part → one line of text, for messages and comparisons."""
        spectrum = self.spectrum
        lines = {name: str(axis) for name, axis in self.grid.axes.items()}
        if spectrum is not None:
            lines["spectrum"] = (
                f"{spectrum.name or 'unnamed'}: {spectrum.modes:.6g} modes, "
                f"{spectrum.k[0]:.17g} to {spectrum.k[-1]:.17g}"
            )
        lines["method"] = self.method.name
        lines["quantity"] = ", ".join(quantity.name for quantity in self.quantities)
        lines["tol"] = f"{self.tol:g}"
        lines["dtype"] = self.dtype
        return lines

    def difference(self, other: Plan) -> list[str]:
        """Return «part: own value → other value» for each part that differs."""
        own, others = self.describe(), other.describe()
        changed = [
            f"{name}: {own.get(name, 'none')} → {others.get(name, 'none')}"
            for name in dict.fromkeys([*own, *others])
            if own.get(name) != others.get(name)
        ]
        if not changed and self.sha256 != other.sha256:
            changed = [f"{name}: other values" for name in self._changed_parts(other)]
        return changed

    def _changed_parts(self, other: Plan) -> Iterator[str]:
        own, others = self.to_dict(), other.to_dict()
        for name, axis in own["axes"].items():
            if axis != others["axes"].get(name):
                yield name
        if own["spectrum"] != others["spectrum"]:
            yield "spectrum"


def choose(parameter: str, name: str, allowed: Any) -> str:
    """Return the name if it is allowed.

    Raises
    ------
    InputError
        The name is not allowed; the message lists the allowed names.
    """
    if name not in allowed:
        names = ", ".join(allowed)
        raise InputError(f"{name!r} is unknown; choose from {names}", parameter)
    return name


def _axis(name: str, values: Any) -> Axis:
    if values is None:
        raise InputError("no values were given for this axis", name)
    with about(name):
        try:
            return Axis.of(values)
        except (TypeError, ValueError) as error:
            raise InputError(str(error)) from error


def _spectrum_to_dict(spectrum: Spectrum | None) -> dict[str, Any] | None:
    if spectrum is None:
        return None
    record = {name: array.tolist() for name, array in spectrum.arrays.items()}
    if spectrum.tolerance is not None:
        record["tolerance"] = spectrum.tolerance
    residuals = spectrum.known["residuals"]
    if residuals.any() and not (spectrum.kmin_converged and spectrum.kmax_converged):
        record["residuals"] = residuals.tolist()
    if spectrum.negatives_dropped:
        record["negatives_dropped"] = spectrum.negatives_dropped
    return {**record, "name": spectrum.name}
