"""Trajectory files: what a spectrum does through time, discrete or continuous."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from critdamp.engine.simulation.oscillators import Energies
from critdamp.engine.simulation.simulate import Keep
from critdamp.engine.simulation.trajectory import Trajectory
from critdamp.engine.spectra.spectrum import Spectrum

from ..chunks.deflate import DEFLATE
from ..storage.new_hdf5 import new_hdf5
from ..storage.os_errors import failures
from .kinds import TRAJECTORY
from .provenance import origin
from .spectrum_layout import add_spectrum

LONG_NAMES = {
    "t": "iteration",
    "time": "time",
    "loss": "loss above its minimum, half the sum of k w^2",
    "distance": "distance to the minimum",
    "potential": "potential energy, the loss above its minimum",
    "kinetic": "kinetic energy",
    "total": "potential and kinetic energy",
    "modes": "w of each mode, 1 at the start",
    "step": "step, which leads to the iteration of the same number",
    "eps_schedule": "learning rate of each step",
    "p_schedule": "momentum of each step",
}


def save_trajectory(
    simulated: Callable[[Keep], Trajectory | Energies],
    spectrum: Spectrum,
    path: Path,
    about: Mapping[str, Any],
    schedules: Mapping[str, npt.NDArray[np.float64]] | None = None,
    rows: int = 0,
) -> Trajectory | Energies:
    """Simulate into a trajectory file, whole or not at all, and return what was found.

    Parameters
    ----------
    simulated : is called with what takes the state of each recorded time, if states are
        to be kept; they go to the disk in pieces
    spectrum : of what
    path : of the file; one that is there is replaced
    about : attributes that say how it was made
    schedules : eps or p of each step, by name
    rows : states that will come

    Raises
    ------
    FileError
        The disk fails.
    """
    with failures(path, "write"), new_hdf5(path) as file:
        add_spectrum(file, spectrum, "spectrum_")
        states = _States(file, rows, len(spectrum))
        found = simulated(states.add)
        states.finish()
        discrete = isinstance(found, Trajectory)
        scale = "t" if discrete else "time"
        names = ("loss", "distance") if discrete else _CONTINUOUS
        _add(file, scale, found.times, [])
        file[scale].make_scale(scale)
        for name in names:
            _add(file, name, getattr(found, name), [scale])
        if "modes" in file:
            _describe(file["modes"], "modes", [scale, "mode"])
        _add_schedules(file, schedules or {})
        for name, value in {**_root(found, names, scale), **about}.items():
            file.attrs[name] = value
    return found


class _States:
    """Rows of the dataset `modes`, which is there if any will come."""

    def __init__(self, file: h5py.File, rows: int, n: int) -> None:
        self._waiting: list[npt.NDArray[np.float64]] = []
        self._most = max(1, _PIECE // n)
        self._done = 0
        if rows:
            chunk = (min(rows, self._most, _ROWS), min(n, _PIECE))
            self._modes = file.create_dataset(
                "modes", (rows, n), np.float64, chunks=chunk, **DEFLATE
            )

    def add(self, w: npt.NDArray[np.float64]) -> None:
        """Take a row, and write those that are waiting once they are many."""
        self._waiting.append(np.array(w))
        if len(self._waiting) == self._most:
            self.finish()

    def finish(self) -> None:
        """Write what waits."""
        if self._waiting:
            stop = self._done + len(self._waiting)
            self._modes[self._done : stop] = self._waiting
            self._done = stop
            self._waiting.clear()


# values of modes that wait to be written, and rows of a chunk at most
_PIECE, _ROWS = 2**17, 2**10
_CONTINUOUS = ("potential", "kinetic", "total", "distance")


def _add(file: h5py.File, name: str, values: Any, along: list[str]) -> None:
    dataset = file.create_dataset(name, data=values, **(DEFLATE if along else {}))
    _describe(dataset, name, along)


def _describe(dataset: h5py.Dataset, name: str, along: list[str]) -> None:
    file = dataset.file
    for dimension, scale in zip(dataset.dims, along, strict=False):
        dimension.attach_scale(file[scale])
    dataset.attrs["units"] = "iteration" if name in ("t", "step") else "1"
    dataset.attrs["long_name"] = LONG_NAMES[name]


def _add_schedules(
    file: h5py.File, schedules: Mapping[str, npt.NDArray[np.float64]]
) -> None:
    for name, values in schedules.items():
        if "step" not in file:
            _add(file, "step", np.arange(1, len(values) + 1), [])
            file["step"].make_scale("step")
        _add(file, f"{name}_schedule", values, ["step"])


def _root(
    found: Trajectory | Energies, names: tuple[str, ...], scale: str
) -> dict[str, Any]:
    known: dict[str, Any] = {
        "format": TRAJECTORY.format,
        "format_version": TRAJECTORY.version,
        "Conventions": "CF-1.11",
        "NX_class": "NXdata",
        "signal": names[0],
        "auxiliary_signals": list(names[1:]),
        "axes": [scale],
        **origin(),
    }
    if isinstance(found, Trajectory):
        known["diverged_at"] = -1 if found.diverged_at is None else found.diverged_at
    return known
