"""Long lists of texts that others note in a file do not close it, and can be read."""

import h5py
import numpy as np
import pytest
import seeds

from critdamp.data.exports.export import export
from critdamp.data.formats.run_file import open_run
from critdamp.data.inputs.matrix_files import read_matrix
from critdamp.data.storage import memory_budget
from critdamp.data.storage.memory_budget import allowing
from critdamp.data.sweeps.check import check_file
from critdamp.data.sweeps.status import status

NAMES = [f"parameter {number}" for number in range(150)]


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "run.h5"
    path.write_bytes(seeds.of("run")[0])
    return path


def test_names_in_a_large_run_are_read(run):
    """150 texts, each of which could have 24 MB by the size of the file alone."""
    with h5py.File(run, "r+") as file:
        file.attrs["names"] = NAMES
        file["more"] = np.zeros(3_000_000)
    with allowing("20MB"), open_run(run) as opened:
        assert opened.attributes["names"] == NAMES


def test_names_that_may_be_too_large_are_said(run, monkeypatch):
    """A text of 9 MB is in the file, which each of them could be."""
    monkeypatch.setattr(memory_budget, "FLOOR", 2**20)
    with h5py.File(run, "r+") as file:
        file.attrs["names"] = NAMES
        file.create_dataset("text", data="x" * 9_000_000, dtype=h5py.string_dtype())
    status(run)
    assert check_file(run) == []
    export(run, run.with_name("out.nc"))
    with open_run(run) as opened, h5py.File(run.with_name("out.nc")) as exported:
        assert opened.attributes["names"].startswith("not read")
        assert exported.attrs["names"].startswith("not read")
    with allowing("2GB"), open_run(run) as opened:
        assert opened.attributes["names"] == NAMES


def test_names_in_a_file_of_another_program_do_not_matter(tmp_path, monkeypatch):
    monkeypatch.setattr(memory_budget, "FLOOR", 2**20)
    path = tmp_path / "data.h5ad"
    with h5py.File(path, "w") as file:
        file["X"] = np.eye(3)
        group = file.create_group("obs")
        group["text"] = "x" * 3_000_000
        group.attrs["column-order"] = NAMES
    assert (read_matrix(path) == np.eye(3)).all()
