"""Maps in memory, beside filling the same array and beside NumPy.

The number in brackets behind a time is the ratio to the fastest of its group.
"""

import cmath

import numba
import numpy as np
import pytest

from critdamp.engine.backends import backends
from critdamp.engine.compute import TileComputer
from critdamp.engine.grid import Tile
from critdamp.engine.quantities import QUANTITIES

SIDES = {"spectral_radius": 4000, "transient_peak": 500, "settling_time": 500}


@numba.njit(parallel=True)
def fill(rows, value):
    for i in numba.prange(rows.shape[0]):
        for j in range(rows.shape[1]):
            rows[i, j] = value


def everything(plan):
    """Return a whole grid as one tile."""
    return Tile(0, (0,) * len(plan.grid.shape), plan.grid.shape)


@pytest.mark.parametrize("backend", [name for name, here in backends().items() if here])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_kernel(benchmark, measure, map_plan, quantity, backend):
    plan = map_plan(quantity, SIDES.get(quantity, 1000))
    benchmark.group = quantity
    compute = TileComputer(plan, backend=backend)
    measure(compute, everything(plan), points=plan.grid.size)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_fill(benchmark, measure, map_plan, quantity):
    plan = map_plan(quantity, SIDES.get(quantity, 1000))
    shape = plan.grid.size // plan.grid.shape[-1], plan.grid.shape[-1]
    rows = np.ones(shape, plan.dtype_of(plan.quantities[0]))
    benchmark.group = quantity
    measure(fill, rows, rows.dtype.type(1), points=plan.grid.size)


def radius_by_numpy(eps, p, k, out):
    """Write ρ as NumPy's complex square root gives it, half of its digits lost at D."""
    trace = 1 + p - eps * k
    root = np.sqrt(trace * trace - 4 * p + 0j)
    np.maximum(abs(trace + root), abs(trace - root), out=out)
    out *= 0.5


def test_numpy(benchmark, measure, map_plan):
    plan = map_plan("spectral_radius", SIDES["spectral_radius"])
    k, eps, p = (axis.values for axis in plan.axes.values())
    out = np.empty(plan.grid.shape)
    benchmark.group = "spectral_radius"

    def both():
        for curvature, image in zip(k, out, strict=True):
            radius_by_numpy(eps[:, None], p, curvature, image)

    measure(both, points=plan.grid.size, rounds=3)


def radius_by_eigvals(eps, p, k):
    """Return ρ as the eigenvalues of each 2 × 2 matrix give it."""
    eps, p = np.broadcast_arrays(eps, p)
    matrices = np.empty((*eps.shape, 2, 2))
    matrices[..., 0, 0], matrices[..., 0, 1] = 1 + p - eps * k, -p
    matrices[..., 1, 0], matrices[..., 1, 1] = 1, 0
    return abs(np.linalg.eigvals(matrices)).max(axis=-1)


def radius_by_loops(eps, p, k):
    """Return ρ by a loop over points in plain Python."""
    out = np.empty((eps.size, p.size))
    for i, e in enumerate(eps.ravel().tolist()):
        for j, q in enumerate(p.ravel().tolist()):
            trace = 1 + q - e * k
            root = cmath.sqrt(trace * trace - 4 * q)
            out[i, j] = max(abs(trace + root), abs(trace - root)) / 2
    return out


@pytest.mark.parametrize("way", [radius_by_eigvals, radius_by_loops])
def test_what_people_write(benchmark, measure, map_plan, way):
    plan = map_plan("spectral_radius", 300)
    k, eps, p = (axis.values for axis in plan.axes.values())
    benchmark.group = "spectral_radius, 90,000 points at a time"
    points = eps.size * p.size
    measure(way, eps[:, None], p[None, :], k[0], points=points, rounds=3)


def test_kernel_on_as_many_points(benchmark, measure, map_plan):
    plan = map_plan("spectral_radius", 300)
    benchmark.group = "spectral_radius, 90,000 points at a time"
    tile = Tile(0, (0, 0, 0), (1, *plan.grid.shape[1:]))
    measure(TileComputer(plan), tile, points=tile.size)
