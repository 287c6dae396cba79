"""Nothing in a file leads a reader out of it, at any depth, through any door.

Each file is whole but for one dataset or group, which is somewhere else. Where it is
read all the same, what is read is the secret of another file.
"""

import os
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
import seeds

from critdamp.data.exports.export import export
from critdamp.data.formats.run_file import open_run
from critdamp.data.formats.spectrum_file import load_spectrum
from critdamp.data.formats.trajectory_summary import trajectory_summary
from critdamp.data.inputs.axis_syntax import read_axis
from critdamp.data.inputs.matrix_files import read_matrix
from critdamp.data.inputs.read_spectrum import read_spectrum
from critdamp.data.shards.folder import RunFolder
from critdamp.data.storage.open_hdf5 import open_to_read
from critdamp.data.sweeps.check import check_file
from critdamp.data.sweeps.status import status
from critdamp.data.sweeps.sweep import resume, sweep
from critdamp.engine.errors import CritdampError, FileError


@pytest.fixture
def secret(tmp_path):
    """Return a file that nobody may read by way of another."""
    path = tmp_path / "secret.h5"
    with h5py.File(path, "w") as file:
        file["k"] = np.arange(1.0, 8.0)
        file["group/k"] = np.arange(1.0, 8.0)
    return path


def external_link(group, name, old, secret):
    group[name] = h5py.ExternalLink(secret, "/group" if old is None else "/k")


def soft_link(group, name, _old, secret):
    group.file.require_group("there")["k"] = h5py.ExternalLink(secret, "/k")
    group[name] = h5py.SoftLink("/there/k")


def external_storage(group, name, old, secret):
    if old is None:
        pytest.skip("a group has no storage")
    nbytes = int(np.prod(old[0])) * old[1].itemsize
    group.create_dataset(name, *old, external=[(str(secret), 0, nbytes)])


def virtual(group, name, old, secret):
    if old is None:
        pytest.skip("a group is not virtual")
    layout = h5py.VirtualLayout(*old)
    layout[...] = h5py.VirtualSource(str(secret), "k", *old)
    group.create_virtual_dataset(name, layout)


WAYS = (external_link, soft_link, external_storage, virtual)


def lead_out(path, place, way, secret):
    """Put something else in the place of a dataset or a group of a file."""
    with h5py.File(path, "r+") as file:
        old = file[place]
        is_data = isinstance(old, h5py.Dataset)
        kept = (old.shape, old.dtype) if is_data else None
        if is_data and old.dtype.hasobject:
            kept = (7,), np.dtype("f8")
        group, _, name = place.rpartition("/")
        del file[place]
        way(file[group] if group else file, name, kept, secret)


DOORS = {
    "run": (
        lambda path: open_run(path).close(),
        check_file,
        lambda path: export(path, path.with_name("out.csv")),
        lambda path: export(path, path.with_name("out.nc")),
    ),
    "spectrum": (
        load_spectrum,
        read_spectrum,
        lambda path: read_axis(f"@{path}", spectra=True),
        lambda path: export(path, path.with_name("out.npz")),
    ),
    "trajectory": (
        trajectory_summary,
        lambda path: export(path, path.with_name("out.npz")),
    ),
    "foreign": (read_matrix, read_spectrum, lambda path: read_matrix(f"{path}:h")),
}
PLACES = {
    "run": ("k", "plan", "rate", "checksums", "checksums/rate"),
    "spectrum": ("k", "weights", "mode"),
    "trajectory": ("t", "loss", "spectrum_weights"),
    "foreign": ("h/data", "h/indptr"),
}


def make(kind, path):
    """Write a file of a kind."""
    if kind == "trajectory":
        seeds.trajectory(path)
    elif kind == "foreign":
        with h5py.File(path, "w") as file:
            group = file.create_group("h")
            for part, values in seeds.parts_of(seeds.SPARSE).items():
                group[part] = values
            group.attrs["shape"] = seeds.SPARSE.shape
    else:
        path.write_bytes(seeds.of(kind)[{"spectrum": 1}.get(kind, 0)])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("kind", "place"), [(kind, place) for kind in PLACES for place in PLACES[kind]]
)
def test_no_way_leads_out(tmp_path, secret, counts, kind, place, way):
    path = tmp_path / "file.h5"
    make(kind, path)
    for door in DOORS[kind]:
        door(path)
    for made in tmp_path.glob("out.*"):
        made.unlink()
    lead_out(path, place, way, secret)
    for door in DOORS[kind]:
        with pytest.raises(CritdampError, match=r"other files|another file"):
            door(path)
    assert not list(tmp_path.glob("out.*"))
    counts("hostile links that are refused", len(DOORS[kind]))


def test_links_inside_a_file_are_followed(tmp_path):
    """Also in a file of another program that has links to other files beside them."""
    path = tmp_path / "file.h5"
    make("foreign", path)
    expected = read_matrix(path).toarray()
    with h5py.File(path, "r+") as file:
        file["kept"] = file["h/data"]
        del file["h/data"]
        file["h/data"] = h5py.SoftLink("/kept")
    assert (read_matrix(f"{path}:h").toarray() == expected).all()
    with h5py.File(path, "r+") as file:
        file["elsewhere"] = h5py.ExternalLink("none.h5", "/k")
    assert read_matrix(f"{path}:kept").size == seeds.SPARSE.nnz
    with pytest.raises(FileError, match="another file"):
        read_matrix(f"{path}:h")
    with pytest.raises(FileError, match="another file"):
        open_to_read(path)


@pytest.fixture
def view(plan, tmp_path, stop_after):
    """Return the live view of a sweep that is stopped."""
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(5))
    return RunFolder(path).live


def to_link(shard, secret):
    shard.unlink()
    shard.symlink_to(secret)


def to_fifo(shard, _secret):
    shard.unlink()
    os.mkfifo(shard)


def lead_out_of(way):
    def change(shard, secret):
        lead_out(shard, "spectral_radius", way, secret)

    return change


@pytest.mark.parametrize(
    "change", [to_link, to_fifo, *map(lead_out_of, WAYS)], ids=lambda _: ""
)
@pytest.mark.parametrize("where", ["beside", "prefix", "here"])
def test_shards_of_a_live_view_are_looked_at(
    view, secret, tmp_path, monkeypatch, counts, change, where
):
    """HDF5 looks for them in three places."""
    with open_run(view) as run:
        assert np.isfinite(run["spectral_radius"][()]).any()
    shard = RunFolder(tmp_path / "run.h5").shard(0)
    folder = {"beside": shard.parent}.get(where, tmp_path / "folder")
    folder.mkdir(exist_ok=True)
    if where != "beside":
        shutil.copy(shard, folder)
        shard.unlink()
    if where == "prefix":
        monkeypatch.setenv("HDF5_VDS_PREFIX", str(folder))
    if where == "here":
        monkeypatch.chdir(folder)
    change(folder / shard.name, secret)
    for door in DOORS["run"]:
        if door is not check_file:
            with pytest.raises(FileError, match=r"other file|another file|regular"):
                door(view)
    assert not list(tmp_path.glob("**/out.*"))
    counts("hostile links that are refused", 3)


@pytest.mark.parametrize("leads_to", ["none.h5", "secret.h5"])
def test_what_hdf5_does_not_open_does_not_matter(
    view, secret, tmp_path, monkeypatch, leads_to
):
    """A link where HDF5 looks for a shard later, or that leads to nothing."""
    folder = tmp_path / "folder"
    folder.mkdir()
    name = RunFolder(tmp_path / "run.h5").shard(0).name
    (folder / name).symlink_to(secret.with_name(leads_to))
    monkeypatch.chdir(folder)
    if leads_to == "none.h5":
        monkeypatch.setenv("HDF5_VDS_PREFIX", str(folder))
    with open_run(view) as run:
        assert np.isfinite(run["spectral_radius"][()]).any()


def test_a_link_that_someone_added_is_said(tmp_path, secret):
    """What to do is said: in a run, and where a file holds nothing else."""
    path = tmp_path / "run.h5"
    make("run", path)
    with h5py.File(path, "r+") as file:
        file["mine"] = h5py.ExternalLink(secret, "/k")
    with pytest.raises(FileError, match=r'remove it, .* del file\["mine"\]$'):
        open_run(path)
    with h5py.File(path, "r+") as file:
        del file["mine"]
    open_run(path).close()
    with h5py.File(tmp_path / "links.h5", "w") as file:
        file["H"] = h5py.ExternalLink(secret, "/k")
    for name in ("", ":H"):
        with pytest.raises(FileError, match=r"links.h5: H is a link.*read that file"):
            read_matrix(f"{tmp_path / 'links.h5'}{name}")


def test_a_shard_that_leads_out_is_made_again(plan, view, secret, tmp_path, bits):
    """It is not what was written."""
    path = tmp_path / "run.h5"
    shard = RunFolder(path).shard(0)
    lead_out(shard, "spectral_radius", external_storage, secret)
    with pytest.raises(FileError, match="damaged"):
        status(path)
    resume(path).close()
    sweep(plan, tmp_path / "whole.h5").close()
    assert bits(path) == bits(tmp_path / "whole.h5")


NAMES = [
    f"fifo{suffix}"
    for suffix in (
        ".h5", ".npy", ".npz", ".mtx", ".mtx.gz", ".mat", ".h5ad", ".safetensors",
        ".csv", ".csv.gz", ".tsv", ".txt", "",
    )
]  # fmt: skip
ASK = """
import sys
from pathlib import Path
from critdamp.data.exports.export import export
from critdamp.data.formats.run_file import open_run
from critdamp.data.formats.spectrum_file import load_spectrum
from critdamp.data.inputs.axis_syntax import read_axis
from critdamp.data.inputs.matrix_files import read_matrix
from critdamp.data.inputs.read_spectrum import read_spectrum
from critdamp.data.inputs.schedule_syntax import read_schedule
from critdamp.data.sweeps.check import check_file
from critdamp.engine.errors import CritdampError

for name in sys.argv[1:]:
    for door in (
        open_run, load_spectrum, read_matrix, read_spectrum, check_file,
        lambda path: read_axis(f"@{path}", spectra=True),
        lambda path: read_schedule(f"@{path}", 3),
        lambda path: export(Path(path), Path("out.csv")),
    ):
        try:
            door(name)
            print(name, "is read")
        except CritdampError as error:
            assert "\\n" not in str(error)
"""


def test_what_does_not_end_is_not_waited_for(tmp_path):
    """FIFOs and devices, also behind links, by each name and through each door."""
    for name in NAMES:
        os.mkfifo(tmp_path / name)
        (tmp_path / f"link{name}").symlink_to(name)
        (tmp_path / f"zero{name}").symlink_to("/dev/zero")
    names = sorted(path.name for path in tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-c", ASK, *names],
        cwd=tmp_path, timeout=60, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
