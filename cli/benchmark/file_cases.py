"""Cases of sweeps to files, compared with writing the same bytes and with h5py.

A sweep computes, compresses, merges and synchronises the file with the disk. The h5py
cases only write values computed before, without synchronisation.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import h5py

from critdamp.data.sweeps.sweep import sweep
from critdamp.engine.maps.compute import TileComputer
from critdamp.engine.maps.plan import Plan

from .case import LIMIT, Case, Run
from .map_cases import plan_of, whole_grid

# side of the map
SIDE = 2500
# implementation → options of h5py
H5PY_OPTIONS: dict[str, dict[str, Any]] = {
    "h5py": {},
    "h5py, gzip": {"compression": "gzip"},
    "h5py, gzip 1, shuffle": {
        "compression": "gzip",
        "compression_opts": 1,
        "shuffle": True,
    },
}


def cases(scale: float, counts: list[int]) -> Iterator[Case]:
    """Yield cases that write a map of spectral_radius to the current folder."""
    plan = plan_of("spectral_radius", max(64, round(SIDE * scale)))
    points = plan.grid.size
    make = partial(Case, "sweep_to_file", size=points, work=points, unit="points")
    for threads in counts:
        yield make(f"{LIMIT}write, fsync", threads, start=partial(_bytes, plan))
        yield make("critdamp", threads, start=partial(_sweep, plan, threads))
    for name, options in H5PY_OPTIONS.items():
        yield make(name, 1, start=partial(_by_h5py, plan, options))


def _folder(stack: ExitStack) -> Path:
    return Path(stack.enter_context(TemporaryDirectory(prefix=".bench-", dir=".")))


def _sweep(plan: Plan, threads: int, stack: ExitStack) -> Run:
    path = _folder(stack) / "run.h5"

    def run() -> None:
        result = sweep(plan, path, threads=threads, force=True)
        assert result is not None  # no stop callback
        result.close()

    return run


def _bytes(plan: Plan, stack: ExitStack) -> Run:
    numbers, path = _numbers(plan), _folder(stack) / "bytes"

    def write() -> None:
        with path.open("wb", buffering=0) as file:
            file.write(numbers.data)
            os.fsync(file.fileno())

    return write


def _by_h5py(plan: Plan, options: dict[str, Any], stack: ExitStack) -> Run:
    numbers, path = _numbers(plan), _folder(stack) / "h5py.h5"
    chunks = plan.grid.chunk_shape

    def write() -> None:
        with h5py.File(path, "w") as file:
            file.create_dataset("map", data=numbers, chunks=chunks, **options)

    return write


def _numbers(plan: Plan) -> Any:
    return TileComputer(plan)(whole_grid(plan))["spectral_radius"]
