"""Layout of run files, which shards and live views share."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import h5py
import numpy as np

from critdamp.engine.maps.axis import Axis
from critdamp.engine.maps.plan import Plan
from critdamp.engine.modes.methods import VARIABLES
from critdamp.engine.quantities.quantity import MapQuantity

from ..chunks.deflate import DEFLATE
from ..chunks.statistics import Statistics, fill_of
from .kinds import RUN
from .provenance import add_attributes
from .spectrum_layout import add_spectrum

_README = (
    "Maps of how a momentum method converges, made by critdamp. Each dataset named "
    "in the attributes 'signal' and 'auxiliary_signals' is one quantity over the "
    "grid of the axes named in 'axes'; its 'comment' explains special values. "
    "NaN (-128 in codes) = not computed, inf = never or unbounded. "
    "The dataset 'plan' holds, as JSON, everything that decides the numbers. "
    "Read it with xarray.open_dataset, netCDF4, h5py or critdamp.open_run."
)
MakeDataset = Callable[[h5py.File, MapQuantity], h5py.Dataset]


def stored(plan: Plan, compression: bool) -> MakeDataset:
    """Return a function that creates the empty, chunked dataset of a quantity.

    Parameters
    ----------
    plan : plan of the sweep
    compression : whether chunks are shuffled and deflated
    """

    def make(file: h5py.File, quantity: MapQuantity) -> h5py.Dataset:
        dtype = plan.dtype_of(quantity)
        return file.create_dataset(
            quantity.name,
            plan.grid.shape,
            dtype,
            chunks=plan.grid.chunk_shape,
            fillvalue=fill_of(dtype),
            **(DEFLATE if compression else {}),
        )

    return make


def lay_out(
    file: h5py.File, plan: Plan, make: MakeDataset, attributes: Mapping[str, Any]
) -> None:
    """Create axes, datasets and attributes in an empty file.

    Parameters
    ----------
    file : opened with track_order, so that dimensions keep their order
    plan : plan of the sweep
    make : creates the dataset of a quantity
    attributes : root attributes beyond those of the plan
    """
    for name, axis in plan.axes.items():
        _add_axis(file, name, axis)
    for quantity in plan.quantities:
        _describe(make(file, quantity), quantity, list(plan.axes), file)
    if plan.spectrum is not None:
        add_spectrum(file, plan.spectrum, "spectrum_")
        file.attrs["spectrum_name"] = plan.spectrum.name
        file.attrs["spectrum_zero_modes_left_out"] = plan.spectrum.zeros
    text = file.create_dataset("plan", data=plan.to_json(), dtype=h5py.string_dtype())
    text.attrs["long_name"] = "everything that decides the numbers, canonical JSON"
    add_attributes(file, {**_root(plan), **attributes})


def _add_axis(file: h5py.File, name: str, axis: Axis) -> None:
    variable = VARIABLES[name]
    scale = file.create_dataset(name, data=axis.values, dtype=np.float64)
    scale.make_scale(name)
    scale.attrs["units"] = "1"
    scale.attrs["long_name"] = variable.long_name
    scale.attrs["comment"] = variable.comment
    scale.attrs["scale"] = axis.scale


def _describe(
    dataset: h5py.Dataset, quantity: MapQuantity, axes: list[str], file: h5py.File
) -> None:
    for dimension, name in zip(dataset.dims, axes, strict=True):
        dimension.attach_scale(file[name])
    dataset.attrs["_FillValue"] = fill_of(dataset.dtype)
    dataset.attrs["units"] = quantity.units
    dataset.attrs["long_name"] = quantity.long_name
    dataset.attrs["comment"] = quantity.comment
    if quantity.flags:
        codes = np.array(list(quantity.flags), dataset.dtype)
        dataset.attrs["flag_values"] = codes
        dataset.attrs["flag_meanings"] = " ".join(quantity.flags.values())


def _root(plan: Plan) -> dict[str, Any]:
    names = [quantity.name for quantity in plan.quantities]
    scales = ["log" if a.scale == "log" else "linear" for a in plan.axes.values()]
    attributes: dict[str, Any] = {
        "format": RUN.format,
        "format_version": RUN.version,
        "readme": _README,
        "Conventions": "CF-1.11",
        "title": f"{', '.join(names)} of {plan.method.long_name}",
        "method": plan.method.name,
        "tol": plan.tol,
        "plan_sha256": plan.sha256,
        "NX_class": "NXdata",
        "signal": names[0],
        "axes": list(plan.axes),
        "SILX_style": json.dumps({"axes_scale_types": scales}),
    }
    if names[1:]:
        attributes["auxiliary_signals"] = names[1:]
    return attributes


def note_statistics(dataset: h5py.Dataset, plan: Plan, known: Statistics) -> None:
    """Write the statistics of a map as attributes of its dataset.

    Parameters
    ----------
    dataset : dataset of the map
    plan : plan of the sweep
    known : statistics of the map
    """
    if known.minimum <= known.maximum:
        bounds = [known.minimum, known.maximum]
        dataset.attrs["actual_range"] = np.array(bounds, dataset.dtype)
    dataset.attrs["share_diverging"] = known.diverging / plan.grid.size
    if known.best_at >= 0:
        index = np.unravel_index(known.best_at, plan.grid.shape)
        dataset.attrs["best_value"] = dataset.dtype.type(known.best_value)
        dataset.attrs["best_index"] = np.array(index, dtype=np.int64)
