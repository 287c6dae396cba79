"""Readers of run files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import h5py
import numpy as np

from critdamp.engine.display import Shown
from critdamp.engine.errors import FileError, InputError
from critdamp.engine.extras import load
from critdamp.engine.maps.axis import Axis
from critdamp.engine.maps.plan import Plan, choose

from ..storage.bounded_read import read_block, read_bounded
from ..storage.memory_budget import allowing, ask
from ..storage.open_hdf5 import undamaged
from .kinds import RUN, open_kind
from .provenance import plain_attributes

if TYPE_CHECKING:
    import xarray

# bytes that a character of JSON may take as Python objects
_PARSED = 16


@dataclass(frozen=True)
class QuantitySummary:
    """Statistics of a map, from its attributes.

    Attributes
    ----------
    name : name of the quantity
    minimum, maximum : range of the finite values, None if there are none
    diverging : fraction of the points that do not converge, None in a live view
    best_value : best value of the converging points, None if there is none
    best_point : coordinates of the best value by axis; the first of equal values
    """

    name: str
    minimum: float | None
    maximum: float | None
    diverging: float | None
    best_value: float | None
    best_point: dict[str, float]


class Run(Shown):
    """An open run file; use it as a context manager, or call `close`.

    `run["spectral_radius"]` is an h5py dataset with the dimensions of `axes`.
    """

    def __init__(self, path: Path, file: h5py.File) -> None:
        self.path = path
        self._file = file

    def __enter__(self) -> Self:
        """Return the run itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close the file."""
        self.close()

    def _rows(self) -> dict[str, str]:
        """Return name → short text; of a closed run, its path alone."""
        path = {"path": f"{self.path}"}
        return path | (self.plan._rows() if self._file else {"closed": "yes"})

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __getitem__(self, name: str) -> h5py.Dataset:
        """Return the dataset of a quantity.

        Raises
        ------
        InputError
            The run has no such quantity.
        """
        return self._file[choose("quantity", name, self.quantities)]

    @cached_property
    def plan(self) -> Plan:
        """Return the plan of the run."""
        text = read_bounded(self._file["plan"]).decode()
        ask(self.path, _PARSED * len(text))
        try:
            return Plan.from_dict(json.loads(text))
        except InputError as error:
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            if sha256 != self._file.attrs.get("plan_sha256"):
                raise
            raise FileError(
                f"{self.path}: made by {self._file.attrs.get('source')}, whose plan "
                f"this critdamp cannot read; update it ({error})"
            ) from error

    @property
    def axes(self) -> dict[str, Axis]:
        """Return the axes by name, in the order of the dimensions."""
        return self.plan.axes

    @property
    def quantities(self) -> tuple[str, ...]:
        """Return the names of the quantities."""
        return tuple(quantity.name for quantity in self.plan.quantities)

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """Return the root attributes as plain Python values."""
        with undamaged(self.path):
            return plain_attributes(self._file)

    @property
    def provenance(self) -> dict[str, Any]:
        """Return the provenance of the run: its root attributes."""
        return self.attributes

    def summary(self, name: str) -> QuantitySummary:
        """Return the statistics of a map without reading its values.

        Raises
        ------
        InputError
            The run has no such quantity.
        FileError
            The attributes are damaged.
        """
        dataset = self[name]
        with undamaged(self.path):
            metadata = plain_attributes(dataset)
            low, high = metadata.get("actual_range", (None, None))
            best_index = metadata.get("best_index", [])
            best = zip(self.axes.items(), best_index, strict=True) if best_index else ()
            return QuantitySummary(
                name,
                _number(low),
                _number(high),
                _number(metadata.get("share_diverging")),
                _number(metadata.get("best_value")),
                {name: _value(axis, index) for (name, axis), index in best},
            )

    def at(self, /, **values: float) -> tuple[dict[str, float], dict[str, float]]:
        """Return the grid point nearest to the given one, and all quantities there.

        Parameters
        ----------
        **values : coordinate on each axis; optional for an axis of one value

        Returns
        -------
        point : coordinates by axis
        quantities : values by quantity

        Raises
        ------
        InputError
            A name is not an axis, or a value is missing or not finite.
        FileError
            The file is damaged.
        """
        for name, value in values.items():
            choose("axis", name, self.axes)
            if not np.isfinite(value):
                raise InputError(f"{value} is not finite", name)
        index = {name: self._nearest(name, values) for name in self.axes}
        point = {name: float(self.axes[name].values[i]) for name, i in index.items()}
        where = tuple(index.values())
        with undamaged(self.path):
            return point, {
                n: read_block(self[n], where).item() for n in self.quantities
            }

    def meaning(self, name: str, value: float) -> str:
        """Return the meaning of a code of a quantity, empty for quantities of numbers.

        Parameters
        ----------
        name : name of the quantity
        value : code
        """
        dataset = self[name]
        with undamaged(self.path):
            attributes = dataset.attrs
            if "flag_meanings" not in attributes:
                return ""
            codes = attributes["flag_values"].tolist()
            names = attributes["flag_meanings"].split()
            meanings: dict[int, str] = dict(zip(codes, names, strict=True))
            return meanings.get(int(value), "not computed")

    def _nearest(self, name: str, values: dict[str, float]) -> int:
        axis = self.axes[name]
        if name not in values and len(axis) > 1:
            raise InputError(f"no value was given; the axis is {axis}", name)
        return axis.nearest(values.get(name, axis.values[0]))

    def to_xarray(self) -> xarray.Dataset:
        """Return the run as an xarray dataset that is read lazily.

        Raises
        ------
        CritdampError
            xarray is not installed.
        """
        opened: xarray.Dataset = load("xarray", "", "xarray h5netcdf").open_dataset(
            self.path
        )
        return opened


def _value(axis: Axis, index: Any) -> float:
    """Return a value of an axis; raise an IndexError if it has none there."""
    if not 0 <= index < len(axis):
        raise IndexError(f"{index} is not a place on an axis of {len(axis)}")
    return float(axis.values[index])


def _number(value: Any) -> Any:
    """Return a number or None; raise a TypeError for anything else."""
    if isinstance(value, int | float | None):
        return value
    raise TypeError(f"{value!r} in place of a number")


def open_run(path: str | Path, *, max_memory: float | str | None = None) -> Run:
    """Open a run file, or the live view of an unfinished run.

    Parameters
    ----------
    path : path of the file
    max_memory : bytes that opening it may take, or a text like "4GB"; by default half
        of what is free, and 100 times the size of the file

    Raises
    ------
    FileError
        The file is missing, unfinished, damaged, foreign, written by a newer critdamp,
        or takes more memory.
    """
    with allowing(max_memory):
        return _open(Path(path))


def _open(path: Path) -> Run:
    run = Run(path, open_kind(path, RUN))
    try:
        with undamaged(path):
            for name in run.quantities:
                if run[name].shape != run.plan.grid.shape:
                    raise FileError(f"{path}: damaged: {name} has another shape")
    except FileError:
        run.close()
        raise
    return run
