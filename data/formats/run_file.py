"""Run files, opened for reading."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import h5py
import numpy as np

from critdamp.engine.errors import CritdampError, FileError, InputError
from critdamp.engine.maps.axis import Axis
from critdamp.engine.maps.plan import Plan, choose

from ..storage.bounded_read import read_bounded
from ..storage.open_hdf5 import undamaged
from .kinds import RUN, open_kind

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class QuantitySummary:
    """What is known of a map without reading it.

    Attributes
    ----------
    name : of the quantity
    minimum, maximum : of the finite values, None if there is none
    diverging : share of the points that do not converge, None in a live view
    best_value : the best of those that converge, None if there is none
    best_point : where it is, by axis, the first of equals
    """

    name: str
    minimum: float | None
    maximum: float | None
    diverging: float | None
    best_value: float | None
    best_point: dict[str, float]


class Run:
    """An open run file; use it as a context manager, or close it.

    `run["spectral_radius"]` is the h5py dataset, its dimensions are those of `axes`.
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

    def __repr__(self) -> str:
        """Name the file and what is in it."""
        return f"Run({str(self.path)!r}: {', '.join(self.quantities)})"

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __getitem__(self, name: str) -> h5py.Dataset:
        """Return a quantity's dataset.

        Raises
        ------
        InputError
            The run has no such quantity.
        """
        return self._file[choose("quantity", name, self.quantities)]

    @cached_property
    def plan(self) -> Plan:
        """Return the plan that the run was made from."""
        text = read_bounded(self._file["plan"]).decode()
        try:
            return Plan.from_dict(json.loads(text))
        except InputError as error:
            written = hashlib.sha256(text.encode()).hexdigest()
            if written != self._file.attrs.get("plan_sha256"):
                raise
            raise FileError(
                f"{self.path}: made by {self._file.attrs.get('source')}, of which this "
                f"critdamp does not know everything; update it ({error})"
            ) from error

    @property
    def axes(self) -> dict[str, Axis]:
        """Return the axes in the order of the dimensions."""
        return self.plan.axes

    @property
    def quantities(self) -> tuple[str, ...]:
        """Return the names of the maps."""
        return tuple(quantity.name for quantity in self.plan.quantities)

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """Return the root's attributes as plain Python values."""
        with undamaged(self.path):
            return {name: _plain(value) for name, value in self._file.attrs.items()}

    @property
    def provenance(self) -> dict[str, Any]:
        """Return where the numbers come from: the root's attributes."""
        return self.attributes

    def summary(self, name: str) -> QuantitySummary:
        """Return what is known of a map, without reading it."""
        with undamaged(self.path):
            known = {key: _plain(value) for key, value in self[name].attrs.items()}
            low, high = known.get("actual_range", (None, None))
            index = known.get("best_index", [])
            at = zip(self.axes.items(), index, strict=True) if index else ()
            return QuantitySummary(
                name,
                low,
                high,
                known.get("share_diverging"),
                known.get("best_value"),
                {axis: float(values.values[i]) for (axis, values), i in at},
            )

    def at(self, /, **values: float) -> tuple[dict[str, float], dict[str, float]]:
        """Return the grid point nearest to a point, and every quantity there.

        Parameters
        ----------
        **values : one for each axis; an axis of one value may be left out

        Raises
        ------
        InputError
            A name is no axis, a value is missing or not finite.
        FileError
            The file is damaged there.
        """
        for name, value in values.items():
            choose("axis", name, self.axes)
            if not np.isfinite(value):
                raise InputError(f"{value} is not finite", name)
        index = {name: self._nearest(name, values) for name in self.axes}
        point = {name: float(self.axes[name].values[i]) for name, i in index.items()}
        place = tuple(index.values())
        with undamaged(self.path):
            return point, {name: self[name][place].item() for name in self.quantities}

    def meaning(self, name: str, value: float) -> str:
        """Return what a code of a quantity stands for; nothing for numbers."""
        with undamaged(self.path):
            attributes = self[name].attrs
            if "flag_meanings" not in attributes:
                return ""
            codes = attributes["flag_values"].tolist()
            names = attributes["flag_meanings"].split()
            known: dict[int, str] = dict(zip(codes, names, strict=True))
            return known.get(int(value), "not computed")

    def _nearest(self, name: str, values: dict[str, float]) -> int:
        axis = self.axes[name]
        if name not in values and len(axis) > 1:
            raise InputError(f"no value was given; the axis is {axis}", name)
        return axis.nearest(values.get(name, axis.values[0]))

    def to_xarray(self) -> xarray.Dataset:
        """Return the run as an xarray dataset that reads on demand.

        Raises
        ------
        CritdampError
            xarray is not installed.
        """
        try:
            import xarray
        except ImportError as error:
            raise CritdampError(
                "xarray is not installed: pip install xarray h5netcdf"
            ) from error
        return xarray.open_dataset(self.path)


def open_run(path: str | Path) -> Run:
    """Open a run file, or the live view of an unfinished run.

    Raises
    ------
    FileError
        It is missing, unfinished, damaged, foreign, or made by a newer critdamp.
    """
    run = Run(Path(path), open_kind(Path(path), RUN))
    try:
        with undamaged(run.path):
            for name in run.quantities:
                if run[name].shape != run.plan.grid.shape:
                    raise FileError(f"{path}: damaged: {name} has another shape")
    except FileError:
        run.close()
        raise
    return run


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
