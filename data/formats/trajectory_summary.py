"""Reader of what a trajectory file holds, without its arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from critdamp.engine.errors import FileError
from critdamp.engine.modes.methods import VARIABLES

from ..storage.bounded_read import read_block, read_bounded
from ..storage.open_hdf5 import undamaged
from .kinds import TRAJECTORY, open_kind
from .provenance import plain_attributes


def trajectory_summary(path: Path) -> dict[str, Any]:
    """Return what a trajectory file holds.

    Returns
    -------
    dict
        path; spectrum, its name; modes, Σ weights; point, option → what it was; steps,
        None in continuous time; axis, "t" or "time"; records, first and last, how many
        and which; arrays, their names; ends, array → its first and last value;
        diverged_at, −1 if nothing diverged; provenance.

    Raises
    ------
    FileError
        The file is missing, damaged, of another kind, or written by a newer critdamp.
    """
    with open_kind(path, TRAJECTORY) as file, undamaged(path):
        attributes = plain_attributes(file)
        axis = str(attributes["axes"][0])
        times = np.asarray(read_bounded(file[axis]))
        if not times.size:
            raise FileError(f"{path}: damaged: no time is recorded")
        discrete = axis == "t"
        names = [attributes["signal"], *attributes["auxiliary_signals"]]
        return {
            "path": path,
            "spectrum": attributes.get("spectrum_name", ""),
            "modes": float(read_bounded(file["spectrum_weights"]).sum()),
            "point": _point(attributes, discrete),
            "steps": attributes.get("made_steps", int(times[-1])) if discrete else None,
            "axis": axis,
            "records": times.size,
            "first": times[0].item(),
            "last": times[-1].item(),
            "arrays": [*names, *(["modes"] if "modes" in file else [])],
            "ends": {name: _ends(file[name], times.size) for name in names},
            "diverged_at": attributes.get("diverged_at", -1),
            "provenance": attributes,
        }


def _point(attributes: dict[str, Any], discrete: bool) -> dict[str, Any]:
    """Return the method and its parameters, or mass and friction."""
    names = ("method", *VARIABLES) if discrete else ("mass", "friction")
    made = {name: attributes.get(f"made_{name}") for name in names}
    return {name: value for name, value in made.items() if value is not None}


def _ends(dataset: h5py.Dataset, records: int) -> dict[str, float]:
    if dataset.shape != (records,):
        raise ValueError(f"{dataset.name} has another shape than the times")
    first, last = (float(read_block(dataset, (i,))) for i in (0, records - 1))
    return {"first": first, "last": last}
