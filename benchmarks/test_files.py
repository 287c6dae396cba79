"""A sweep to a file, beside writing the same numbers with h5py.

A sweep computes, packs and merges, and its bytes are on the disk at the end; h5py is
given the numbers and need not wait for the disk.
"""

import h5py
import pytest

import critdamp as cd

SIDE = 8000
WAYS = {
    "h5py": {},
    "h5py gzip": {"compression": "gzip"},
    "h5py gzip, as fast as it gets": {
        "compression": "gzip",
        "compression_opts": 1,
        "shuffle": True,
    },
}


@pytest.fixture
def plan(map_plan):
    return map_plan("spectral_radius", SIDE)


def test_sweep(benchmark, measure, plan, tmp_path):
    benchmark.group = "file"

    def sweep():
        cd.sweep(plan, tmp_path / "run.h5", force=True).close()

    measure(sweep, points=plan.grid.size, rounds=3)


@pytest.mark.parametrize("way", WAYS)
def test_h5py(benchmark, measure, plan, tmp_path, way):
    benchmark.group = "file"
    cd.sweep(plan, tmp_path / "run.h5").close()
    with cd.open_run(tmp_path / "run.h5") as run:
        numbers = run["spectral_radius"][()]

    def write():
        options = {"chunks": plan.grid.chunk_shape, **WAYS[way]}
        with h5py.File(tmp_path / "h5py.h5", "w") as file:
            file.create_dataset("spectral_radius", data=numbers, **options)

    measure(write, points=plan.grid.size, rounds=1)
