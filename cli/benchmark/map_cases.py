"""Cases of maps in memory, compared with filling the same array and with NumPy."""

from __future__ import annotations

import cmath
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import numpy as np

from critdamp.engine.backends import c
from critdamp.engine.backends.select import usable_backends
from critdamp.engine.maps.axis import Axis
from critdamp.engine.maps.compute import TileComputer
from critdamp.engine.maps.grid import Tile
from critdamp.engine.maps.plan import Plan
from critdamp.engine.modes.methods import METHODS
from critdamp.engine.quantities.registry import QUANTITIES
from critdamp.engine.typing import Floats

from . import machine_limits
from .case import LIMIT, Case, Run, on, ready

# sides of the maps, which have two k: one that fits into the cache, one that does not
SIDES = {
    "spectral_radius": (250, 4000),
    "regime": (250, 8000),
    "rate": (1000,),
    "noise_variance": (1000,),
    "settling_time": (300,),
    "transient_peak": (200,),
}
# side of the map of other implementations, which are about 100 times slower
SMALL_SIDE = 150


def cases(scale: float, counts: list[int]) -> Iterator[Case]:
    """Yield the maps of each quantity, and other implementations of spectral_radius."""
    for quantity in QUANTITIES:
        for side in SIDES.get(quantity, (200,)):
            yield from _maps(quantity, max(2, round(side * scale)), counts)
    yield from _radius_cases(max(2, round(SMALL_SIDE * scale)))


def plan_of(quantity: str, side: int) -> Plan:
    """Return the plan of a quantity over side × side points at two k."""
    return Plan(
        eps=Axis.log(1e-3, 4, side),
        p=Axis.lin(0, 0.999, side),
        k=np.array([0.5, 1.0]),
        quantities=[quantity],
    )


def whole_grid(plan: Plan) -> Tile:
    """Return the grid of a plan as one tile."""
    return Tile(0, (0,) * len(plan.grid.shape), plan.grid.shape)


def _maps(quantity: str, side: int, counts: list[int]) -> Iterator[Case]:
    points = 2 * side * side
    make = partial(Case, quantity, size=points, work=points, unit="points")
    for threads in counts:
        start = partial(_filling, quantity, side, threads)
        yield make(f"{LIMIT}fill", threads, start=start)
        for backend in _backends_of(quantity):
            start = partial(_computing, quantity, side, threads, backend)
            yield make(f"critdamp, {backend}", threads, start=start)


def _backends_of(quantity: str) -> list[str]:
    method = METHODS["heavy_ball"]
    in_c = c.AVAILABLE and c.map_kernel(method, QUANTITIES[quantity], 1) is not None
    return ["c", "numba"] if in_c else ["numba"]


def _filling(quantity: str, side: int, threads: int, _stack: ExitStack) -> Run:
    rows = np.ones((2 * side, side), QUANTITIES[quantity].dtype)
    return on(threads, partial(machine_limits.fill, rows, rows.dtype.type(1)))


def _computing(
    quantity: str, side: int, threads: int, backend: str, _stack: ExitStack
) -> Run:
    plan = plan_of(quantity, side)
    return partial(TileComputer(plan, threads, backend), whole_grid(plan))


def _radius_cases(side: int) -> Iterator[Case]:
    def case(by: str, run: Run) -> Case:
        points = side * side
        return Case("spectral_radius", by, 1, points, points, "points", ready(run))

    yield case(f"{LIMIT}fill", partial(np.empty((side, side)).fill, 1.0))
    for backend in usable_backends():
        compute = TileComputer(plan_of("spectral_radius", side), 1, backend)
        image = Tile(0, (0, 0, 0), (1, side, side))
        yield case(f"critdamp, {backend}", partial(compute, image))
    eps = np.geomspace(1e-3, 4, side)[:, None]
    p = np.linspace(0, 0.999, side)[None, :]
    for name, radius in IMPLEMENTATIONS.items():
        yield case(name, partial(radius, eps, p, 1.0))


def radius_by_numpy(eps: Floats, p: Floats, k: float) -> Floats:
    """Return ρ by the quadratic formula; half of the digits are lost near T² = 4D."""
    trace = 1 + p - eps * k
    root = np.sqrt(trace * trace - 4 * p + 0j)
    larger: Floats = np.maximum(abs(trace + root), abs(trace - root)) / 2
    return larger


def radius_by_eigvals(eps: Floats, p: Floats, k: float) -> Floats:
    """Return ρ from the eigenvalues of each 2 × 2 matrix."""
    eps, p = np.broadcast_arrays(eps, p)
    matrices = np.empty((*eps.shape, 2, 2))
    matrices[..., 0, 0], matrices[..., 0, 1] = 1 + p - eps * k, -p
    matrices[..., 1, 0], matrices[..., 1, 1] = 1, 0
    largest: Floats = abs(np.linalg.eigvals(matrices)).max(axis=-1)
    return largest


def radius_by_loops(eps: Floats, p: Floats, k: float) -> Floats:
    """Return ρ by loops over points in Python."""
    out = np.empty((eps.size, p.size))
    for i, e in enumerate(eps.ravel().tolist()):
        for j, q in enumerate(p.ravel().tolist()):
            trace = 1 + q - e * k
            root = cmath.sqrt(trace * trace - 4 * q)
            out[i, j] = max(abs(trace + root), abs(trace - root)) / 2
    return out


IMPLEMENTATIONS = {
    "numpy, complex root": radius_by_numpy,
    "numpy, eigvals": radius_by_eigvals,
    "python, loops": radius_by_loops,
}
