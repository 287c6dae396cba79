"""Bad files, disks and folders: one clear line, and nothing half-written."""

import hashlib
import io
import os
import re
from pathlib import Path

import h5py
import numpy as np
import pytest
import small

from critdamp.data.formats.run_file import open_run
from critdamp.data.shards.folder import RunFolder
from critdamp.data.storage import atomic_files as files
from critdamp.data.storage.new_hdf5 import ErrorLatchingFile
from critdamp.data.sweeps.check import check_file
from critdamp.data.sweeps.status import status
from critdamp.data.sweeps.sweep import resume, sweep
from critdamp.engine.errors import FileError, InputError


def test_folder_that_is_missing(plan, tmp_path):
    with pytest.raises(FileError, match=r"the folder .* does not exist"):
        sweep(plan, tmp_path / "none" / "run.h5")


def test_folder_that_is_a_file(plan, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="not a folder"):
        sweep(plan, tmp_path / "file" / "run.h5")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_that_is_not_writable(plan, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(FileError, match="not allowed"):
        sweep(plan, tmp_path / "run.h5")
    tmp_path.chmod(0o700)


def full_from(count, function):
    """Return a twin of a function of the system that fails from its n-th call on."""
    calls = iter(range(1, 10**9))

    def called(*arguments):
        if next(calls) >= count:
            raise OSError(28, "No space left on device")
        return function(*arguments)

    return called


@pytest.mark.parametrize(
    ("step", "function"),
    [
        ("pathlib.Path.replace", Path.replace),
        pytest.param(
            "critdamp.data.storage.atomic_files.os.fsync",
            os.fsync,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_disk_that_fills_keeps_finished_shards(
    plan, tmp_path, monkeypatch, bits, stop_after, step, function
):
    """It fills before the first, the second, … call, until none is left."""
    sweep(plan, tmp_path / "whole.h5").close()
    whole = bits(tmp_path / "whole.h5")
    for count in range(1, 100):
        path = tmp_path / f"{count}.h5"
        assert sweep(plan, path, stop=stop_after(4)) is None
        with monkeypatch.context() as patched:
            patched.setattr(step, full_from(count, function))
            try:
                resume(path).close()
                break
            except FileError as error:
                said = str(error)
        assert re.search("disk is full.*critdamp resume", said)
        assert status(path).done >= 4
        assert not list(tmp_path.glob("**/*.tmp"))
        resume(path).close()
        assert bits(path) == whole
    assert count > 5


def test_a_failing_shard_takes_no_other_with_it(plan, tmp_path, monkeypatch):
    """The shard after it is complete by then, and safe."""
    path, failed = tmp_path / "run.h5", []

    def publish(temporary, target, *given):
        if target.name == "shard-0002.h5":
            failed.append(target)
            raise OSError(28, "No space left on device")
        files.publish(temporary, target, *given)

    monkeypatch.setattr("critdamp.data.storage.new_hdf5.publish", publish)
    with pytest.raises(FileError, match="disk is full"):
        sweep(plan, path)
    assert failed
    assert RunFolder(path).shard(1).exists()
    assert RunFolder(path).shard(3).exists()
    assert not list(tmp_path.glob("**/*.tmp"))
    monkeypatch.undo()


@pytest.mark.parametrize("count", [1, 5, 40, 100])
def test_interrupt_below_hdf5_is_a_failure_like_any_other(
    plan, tmp_path, monkeypatch, count
):
    path, calls = tmp_path / "run.h5", iter(range(1, 10**9))
    write = io.FileIO.write

    class Interrupted(ErrorLatchingFile):
        def _write_once(self, data):
            if next(calls) == count:
                raise KeyboardInterrupt
            return write(self, data)

    monkeypatch.setattr(ErrorLatchingFile, "_write_once", Interrupted._write_once)
    with pytest.raises(KeyboardInterrupt):
        sweep(plan, path)
    assert not list(tmp_path.glob("**/*.tmp"))
    monkeypatch.undo()


@pytest.mark.parametrize("share", [0.02, 0.3, 0.999])
def test_limit_on_file_size(plan, tmp_path, bits, child, share):
    path, whole = tmp_path / "run.h5", tmp_path / "whole.h5"
    sweep(plan, whole).close()
    process = child(path, int(share * whole.stat().st_size))
    _, message = process.communicate("go\n")
    assert process.returncode == 1, message
    assert re.search(r"file size limit.*; the run will have about 0\.\d\d MB", message)
    assert "Traceback" not in message
    assert not path.exists()
    assert not list(tmp_path.glob("**/*.tmp"))
    if share > 0.9:
        assert status(path).done == plan.grid.n_tiles
    process = child(path)
    _, message = process.communicate("go\n")
    assert process.returncode == 0, message
    assert bits(path) == bits(whole)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not an HDF5 file"),
        (b"eps,p,k\n1,2,3\n", "not an HDF5 file"),
    ],
)
def test_file_that_is_not_hdf5(tmp_path, content, said):
    (tmp_path / "run.h5").write_bytes(content)
    with pytest.raises(FileError, match=said):
        open_run(tmp_path / "run.h5")


def test_file_that_is_cut_off(plan, tmp_path):
    path = tmp_path / "run.h5"
    sweep(plan, path).close()
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(FileError, match="cut off or damaged"):
        open_run(path)


def test_hdf5_file_of_somebody_else(tmp_path):
    with h5py.File(tmp_path / "run.h5", "w") as file:
        file.create_dataset("x", data=np.arange(3), dtype=np.int64)
    with pytest.raises(FileError, match="not a run of critdamp"):
        open_run(tmp_path / "run.h5")


def test_file_of_a_newer_critdamp(plan, tmp_path):
    path = tmp_path / "run.h5"
    sweep(plan, path).close()
    with h5py.File(path, "r+") as file:
        file.attrs["format_version"] = 2
    with pytest.raises(FileError, match="format 2"):
        open_run(path)


def test_run_of_a_quantity_that_is_not_known_yet(plan, tmp_path):
    path = tmp_path / "run.h5"
    sweep(plan, path).close()
    text = plan.to_json().replace("spectral_radius", "brilliance")
    with h5py.File(path, "r+") as file:
        file["plan"].write_direct(np.array(text.encode(), dtype="O"))
    with pytest.raises(FileError, match="damaged: quantity: 'brilliance' is unknown"):
        open_run(path)
    with h5py.File(path, "r+") as file:
        file.attrs["plan_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    with pytest.raises(FileError, match=r"made by critdamp 0.*; update it \(quantity"):
        open_run(path)


def test_paths_that_are_no_run(plan, tmp_path, stop_after):
    with pytest.raises(FileError, match="no such file"):
        open_run(tmp_path / "none.h5")
    with pytest.raises(FileError, match="a folder"):
        open_run(tmp_path)
    sweep(plan, tmp_path / "run.h5", stop=stop_after(1))
    with pytest.raises(FileError, match=r"unfinished.*critdamp resume"):
        open_run(tmp_path / "run.h5")


def test_shard_of_another_sweep_is_left_alone(plan, tmp_path, stop_after):
    path, other = tmp_path / "run.h5", tmp_path / "other.h5"
    sweep(plan, path, stop=stop_after(4))
    sweep(plan, other, stop=stop_after(4))
    RunFolder(path).shard(0).write_bytes(RunFolder(other).shard(0).read_bytes())
    with pytest.raises(FileError, match=r"shard-0000\.h5: belongs to another sweep"):
        resume(path)
    assert RunFolder(path).shard(0).exists()


@pytest.mark.parametrize("text", ["{}", "[", "", None])
def test_damaged_record_is_taken_from_the_shards(plan, tmp_path, stop_after, text):
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(1))
    record = RunFolder(path).folder / "plan.json"
    text = record.read_text().replace('"uuid":"', '"uuid":"0') if text is None else text
    record.write_text(text)
    for do in (status, check_file, lambda path: sweep(plan, path)):
        with pytest.raises(FileError, match=r"plan\.json: not the record.*resume"):
            do(path)
    seen = []
    with resume(path, progress=lambda *now: seen.append(now)) as run:
        assert run.plan.sha256 == plan.sha256
    assert len(seen) == plan.grid.n_tiles


def test_damaged_record_without_shards_is_named(plan, tmp_path, stop_after):
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(1))
    RunFolder(path).shard(0).unlink()
    (RunFolder(path).folder / "plan.json").write_text("{}")
    with pytest.raises(
        FileError, match=r"neither plan\.json nor a shard is intact; force=True"
    ):
        resume(path)


def test_shard_under_a_wrong_name_is_not_taken(plan, tmp_path, stop_after):
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(4))
    RunFolder(path).shard(3).write_bytes(RunFolder(path).shard(0).read_bytes())
    with pytest.raises(FileError, match=r"shard-0003\.h5: damaged"):
        status(path)
    resume(path).close()


@pytest.mark.parametrize("name", [".", "", "/", "fifo"])
def test_output_that_is_no_file(plan, tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    for do in (lambda: sweep(plan, name, force=True), lambda: resume(name)):
        with pytest.raises(InputError, match=r"names no file|folder|regular file"):
            do()
    assert [found.name for found in tmp_path.iterdir()] == ["fifo"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.attrs.pop("format_version"),
        lambda file: file.attrs.update(format_version="abc"),
        lambda file: file.pop("plan"),
        lambda file: file["plan"].write_direct(np.array(b"{", dtype="O")),
        lambda file: file["plan"].write_direct(np.array(b'{"a": 1}', dtype="O")),
        lambda file: file.pop("regime"),
    ],
)
def test_damaged_run_is_one_clear_error(plan, tmp_path, damage):
    path = tmp_path / "run.h5"
    sweep(plan, path).close()
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(FileError, match=r"run\.h5: "):
        open_run(path)


def test_damaged_chunk_is_named(plan, tmp_path):
    path = tmp_path / "run.h5"
    sweep(plan, path).close()
    small.spoil(path, 0)
    with open_run(path) as run, pytest.raises(FileError, match=r"run\.h5: damaged"):
        run.at(**{name: axis.values[0] for name, axis in run.axes.items()})


def test_points_and_names_that_are_not_there(plan, tmp_path):
    with sweep(plan, tmp_path / "run.h5") as run:
        with pytest.raises(InputError, match="rate"):
            run["rate"]
        with pytest.raises(InputError, match="p: no value"):
            run.at(eps=1, k=1)
        with pytest.raises(InputError, match="nu"):
            run.at(eps=1, k=1, p=0, nu=1)
        with pytest.raises(InputError, match="finite"):
            run.at(eps=float("nan"), k=1, p=0)


def test_a_name_is_given_back_where_there_are_no_links(tmp_path, monkeypatch):
    """An empty file holds it meanwhile, and must not stay where the rename fails."""

    def refuse(*_arguments, **_options):
        raise OSError(95, "Operation not supported")

    with pytest.raises(FileNotFoundError):
        files.put(tmp_path / "none", tmp_path / "run.h5")
    monkeypatch.setattr(files.os, "link", refuse)
    with pytest.raises(FileNotFoundError):
        files.put(tmp_path / "none", tmp_path / "run.h5")
    assert not list(tmp_path.iterdir())
    (tmp_path / "done").write_text("done")
    files.put(tmp_path / "done", tmp_path / "run.h5")
    with pytest.raises(FileExistsError):
        files.put(tmp_path / "done", tmp_path / "run.h5")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("run.h5", "done")]
