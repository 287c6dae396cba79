"""Trajectory files: states of a spectrum over iterations or continuous time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from critdamp.engine.simulation.oscillators import Energies
from critdamp.engine.simulation.schedule import Cyclic, part
from critdamp.engine.simulation.simulate import Keep
from critdamp.engine.simulation.trajectory import Trajectory
from critdamp.engine.spectra.spectrum import Spectrum

from ..chunks.deflate import DEFLATE
from ..storage.new_hdf5 import new_hdf5
from ..storage.os_errors import failures
from ..storage.outputs import check_output
from .kinds import TRAJECTORY
from .provenance import add_attributes, origin
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
    schedules: Mapping[str, npt.NDArray[np.float64] | Cyclic] | None = None,
    steps: int = 0,
    rows: int = 0,
    force: bool = True,
) -> Trajectory | Energies:
    """Run a simulation, write its trajectory file atomically, and return its result.

    Parameters
    ----------
    simulated : runs the simulation; its argument is a function that takes the state
        at each recorded time, which is written in batches
    spectrum : spectrum that is simulated
    path : path of the file
    about : root attributes that record how the trajectory was computed
    schedules : eps or p of each step, by name: values (steps,), or `Cyclic` ones
    steps : number of steps that a schedule is written for
    rows : number of states to be recorded, 0 for none
    force : whether an existing file may be replaced

    Raises
    ------
    OutputExistsError
        The file exists, before or in the end, and `force` is False.
    FileError
        The file cannot be written.
    """
    path = check_output(path, force)
    with failures(path, "write"), new_hdf5(path, force) as file:
        add_spectrum(file, spectrum, "spectrum_")
        states = _States(file, rows, len(spectrum))
        result = simulated(states.add)
        states.finish()
        discrete = isinstance(result, Trajectory)
        scale = "t" if discrete else "time"
        names = ("loss", "distance") if discrete else _CONTINUOUS
        _add(file, scale, result.times, [])
        file[scale].make_scale(scale)
        for name in names:
            _add(file, name, getattr(result, name), [scale])
        if "modes" in file:
            _describe(file["modes"], "modes", [scale, "mode"])
        _add_schedules(file, schedules or {}, steps)
        add_attributes(file, {**_root(result, names, scale), **about})
    return result


class _States:
    """Writer of the dataset `modes` (rows, n) in batches, created if rows > 0."""

    def __init__(self, file: h5py.File, rows: int, n: int) -> None:
        self._pending: list[npt.NDArray[np.float64]] = []
        self._batch = max(1, _BATCH_VALUES // n)
        self._written = 0
        if rows:
            chunk = (min(rows, self._batch, _CHUNK_ROWS), min(n, _BATCH_VALUES))
            self._modes = file.create_dataset(
                "modes", (rows, n), np.float64, chunks=chunk, **DEFLATE
            )

    def add(self, w: npt.NDArray[np.float64]) -> None:
        """Append a state (n,), and write the batch when it is full."""
        self._pending.append(np.array(w))
        if len(self._pending) == self._batch:
            self.finish()

    def finish(self) -> None:
        """Write the pending states."""
        if self._pending:
            stop = self._written + len(self._pending)
            self._modes[self._written : stop] = self._pending
            self._written = stop
            self._pending.clear()


# maximum number of values in a batch, and of rows in a chunk
_BATCH_VALUES, _CHUNK_ROWS = 2**17, 2**10
_CONTINUOUS = ("potential", "kinetic", "total", "distance")


def _add(file: h5py.File, name: str, values: Any, scales: list[str]) -> None:
    dataset = file.create_dataset(name, data=values, **(DEFLATE if scales else {}))
    _describe(dataset, name, scales)


def _describe(dataset: h5py.Dataset, name: str, scales: list[str]) -> None:
    file = dataset.file
    for dimension, scale in zip(dataset.dims, scales, strict=False):
        dimension.attach_scale(file[scale])
    dataset.attrs["units"] = "iteration" if name in ("t", "step") else "1"
    dataset.attrs["long_name"] = LONG_NAMES[name]


def _add_schedules(
    file: h5py.File,
    schedules: Mapping[str, npt.NDArray[np.float64] | Cyclic],
    steps: int,
) -> None:
    if schedules:
        _add_steps(file, "step", steps, lambda start, stop: np.arange(start, stop) + 1)
        file["step"].make_scale("step")
        _describe(file["step"], "step", [])
    for name, schedule in schedules.items():
        values = schedule.values if isinstance(schedule, Cyclic) else schedule
        _add_steps(file, f"{name}_schedule", steps, partial(part, values))
        _describe(file[f"{name}_schedule"], f"{name}_schedule", ["step"])


def _add_steps(
    file: h5py.File, name: str, steps: int, values: Callable[[int, int], Any]
) -> None:
    """Write a value for each step, in parts that memory holds."""
    dataset = file.create_dataset(
        name,
        (steps,),
        values(0, 0).dtype,
        chunks=(min(steps, _BATCH_VALUES),),
        **DEFLATE,
    )
    for start in range(0, steps, _BATCH_VALUES):
        stop = min(start + _BATCH_VALUES, steps)
        dataset[start:stop] = values(start, stop)


def _root(
    result: Trajectory | Energies, names: tuple[str, ...], scale: str
) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "format": TRAJECTORY.format,
        "format_version": TRAJECTORY.version,
        "Conventions": "CF-1.11",
        "NX_class": "NXdata",
        "signal": names[0],
        "auxiliary_signals": list(names[1:]),
        "axes": [scale],
        **origin(),
    }
    if isinstance(result, Trajectory):
        diverged_at = -1 if result.diverged_at is None else result.diverged_at
        attributes["diverged_at"] = diverged_at
    return attributes
