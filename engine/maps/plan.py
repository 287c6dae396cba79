"""The plan: everything that decides the numbers of a sweep, with a hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import InputError
from ..modes.methods import METHODS, Method
from ..quantities.quantity import MapQuantity
from ..quantities.settling_time import LEAST_TOL
from ..spectra.spectrum import Spectrum
from ..spectrum_quantities.registry import quantity_of
from ..typing import Floats
from ..validation import about
from .axis import Axis
from .grid import Grid

DTYPES = ("float64", "float32")
# modes that are no reason for smaller tiles
_LIGHT = 64


class Plan:
    """Grid, method, quantities, tolerance and, for whole-spectrum maps, the spectrum.

    Parameters
    ----------
    quantities : names as `quantity_of` takes them, at least one, each once
    method : name of a method
    spectrum : whose maps are asked for, in place of a k axis
    tol : tolerance of settling times, in [1e-290, 1)
    dtype : "float64" or "float32", how floats are stored that need not be exact
    **axes : Axis, number or values, by the names of the method's parameters and k

    Raises
    ------
    InputError
        An axis is missing, unknown or bad; a name is unknown; tol is out of range.
    """

    def __init__(
        self,
        *,
        quantities: Sequence[str] = ("spectral_radius",),
        method: str = "heavy_ball",
        spectrum: Spectrum | None = None,
        tol: float = 1e-6,
        dtype: str = "float64",
        **axes: Axis | float | Sequence[float] | Floats,
    ) -> None:
        self.method: Method = METHODS[choose("method", method, METHODS)]
        self.spectrum = spectrum
        self.quantities: tuple[MapQuantity, ...] = tuple(
            quantity_of(name, spectrum is not None) for name in quantities
        )
        self.tol = float(tol)
        self.dtype = choose("dtype", dtype, DTYPES)
        self._check()
        self.grid = Grid(self._sorted_axes(axes), finer=self._finer)

    def _check(self) -> None:
        names = [quantity.name for quantity in self.quantities]
        if not names:
            raise InputError("none was asked for", "quantity")
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"{name} was asked for twice", "quantity")
        if not LEAST_TOL <= self.tol < 1:
            raise InputError(f"{self.tol:g} is outside [{LEAST_TOL:g}, 1)", "tol")
        if self.spectrum is None:
            return
        free = not any(quantity.positive_only for quantity in self.quantities)
        with about("spectrum"):
            self.spectrum.filtered(negative="keep" if free else "error")

    def _sorted_axes(self, given: dict[str, Any]) -> dict[str, Axis]:
        names = [
            name
            for name in self.method.dimensions
            if name != "k" or self.spectrum is None
        ]
        for name in given:
            if name not in names:
                why = " beside a spectrum" if name == "k" else ""
                raise InputError(
                    f"{self.method.name} has no such axis{why}; "
                    f"its axes are {', '.join(names)}",
                    name,
                )
        return {name: _axis(name, given) for name in names}

    @property
    def _finer(self) -> int:
        """Return how many times smaller tiles are, where a point has many modes."""
        heavy = any(quantity.over_all_modes for quantity in self.quantities)
        return 1 + len(self.spectrum or ()) // _LIGHT if heavy else 1

    @property
    def axes(self) -> dict[str, Axis]:
        """Return the axes by name, in the order of the dimensions."""
        return dict(self.grid.axes)

    def dtype_of(self, quantity: MapQuantity) -> np.dtype[Any]:
        """Return the type in which a quantity is stored."""
        return np.dtype(self.dtype if quantity.narrow else quantity.dtype)

    @cached_property
    def nbytes(self) -> int:
        """Return the bytes of all quantities, uncompressed."""
        item = sum(self.dtype_of(quantity).itemsize for quantity in self.quantities)
        return self.grid.size * item

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON values; `from_dict` makes the same plan of them."""
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
        """Return the plan that `to_dict` described.

        Raises
        ------
        InputError
            The record lacks something or holds what no plan does.
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
        """Return the hash of the canonical JSON: equal for equal numbers."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def describe(self) -> dict[str, str]:
        """Return what the plan says, a line for each part, for people and diffs."""
        spectrum = self.spectrum
        lines = {name: str(axis) for name, axis in self.grid.axes.items()}
        if spectrum is not None:
            lines["spectrum"] = (
                f"{spectrum.name or 'unnamed'}: {len(spectrum)} modes, "
                f"{spectrum.k[0]:.17g} to {spectrum.k[-1]:.17g}"
            )
        lines["method"] = self.method.name
        lines["quantity"] = ", ".join(quantity.name for quantity in self.quantities)
        lines["tol"] = f"{self.tol:g}"
        lines["dtype"] = self.dtype
        return lines

    def difference(self, other: Plan) -> list[str]:
        """Return, for each part that differs, «name: this one → the other one»."""
        mine, theirs = self.describe(), other.describe()
        changed = [
            f"{name}: {mine.get(name, 'none')} → {theirs.get(name, 'none')}"
            for name in dict.fromkeys([*mine, *theirs])
            if mine.get(name) != theirs.get(name)
        ]
        if not changed and self.sha256 != other.sha256:
            changed = [f"{name}: other values" for name in self._changed_parts(other)]
        return changed

    def _changed_parts(self, other: Plan) -> Iterator[str]:
        mine, theirs = self.to_dict(), other.to_dict()
        for name, axis in mine["axes"].items():
            if axis != theirs["axes"].get(name):
                yield name
        if mine["spectrum"] != theirs["spectrum"]:
            yield "spectrum"


def choose(what: str, name: str, known: Any) -> str:
    """Return a name that is known, or raise an InputError that lists those that are."""
    if name not in known:
        raise InputError(f"{name!r} is unknown; choose from {', '.join(known)}", what)
    return name


def _axis(name: str, given: dict[str, Any]) -> Axis:
    if given.get(name) is None:
        raise InputError("no values were given for this axis", name)
    with about(name):
        try:
            return Axis.of(given[name])
        except (TypeError, ValueError) as error:
            raise InputError(str(error)) from error


def _spectrum_to_dict(spectrum: Spectrum | None) -> dict[str, Any] | None:
    if spectrum is None:
        return None
    record = {name: array.tolist() for name, array in spectrum.arrays.items()}
    if spectrum.tolerance is not None:
        record["tolerance"] = spectrum.tolerance
    return {**record, "name": spectrum.name}
