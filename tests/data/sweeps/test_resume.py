"""Interrupting and resuming: nothing is lost, repeated or changed."""

import concurrent.futures
import errno
import fcntl
import itertools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import asdict, replace

import effort
import h5py
import numpy as np
import pytest
import small

from critdamp.data.chunks.checksums import DamagedError
from critdamp.data.formats.run_file import open_run
from critdamp.data.shards.contents import contents
from critdamp.data.shards.folder import RunFolder
from critdamp.data.shards.partition import ShardPartition
from critdamp.data.storage import atomic_files, lock_file
from critdamp.data.storage.lock_file import Holder
from critdamp.data.sweeps import merge
from critdamp.data.sweeps.check import check_file
from critdamp.data.sweeps.status import status
from critdamp.data.sweeps.sweep import resume, sweep
from critdamp.engine.errors import (
    CritdampError,
    FileError,
    InputError,
    OutputExistsError,
    PlanChangedError,
)
from critdamp.engine.maps import pieces
from critdamp.engine.maps.compute import TileComputer

pytestmark = pytest.mark.crash

KILLS = effort.number("KILLS", 2, 4)


@pytest.fixture
def computed(monkeypatch):
    """Return a list that gets the index of every tile that is computed."""
    indices = []

    class Watched(TileComputer):
        def __call__(self, tile, *between):
            indices.append(tile.index)
            return super().__call__(tile, *between)

    monkeypatch.setattr("critdamp.data.sweeps.sweep.TileComputer", Watched)
    return indices


@pytest.mark.parametrize("every", [1, 3, 7])
def test_interrupted_equals_uninterrupted(
    plan, tmp_path, bits, stop_after, computed, every
):
    sweep(plan, tmp_path / "whole.h5").close()
    computed.clear()
    path = tmp_path / "run.h5"
    run = sweep(plan, path, stop=stop_after(every))
    while run is None:
        assert not path.exists()
        run = resume(path, stop=stop_after(every))
    run.close()
    assert computed == list(range(plan.grid.n_tiles))
    assert bits(path) == bits(tmp_path / "whole.h5")
    assert [found.name for found in tmp_path.iterdir()] == ["whole.h5", "run.h5"]


def test_statistics_do_not_depend_on_interruptions(plan, tmp_path, stop_after):
    path = tmp_path / "run.h5"
    assert sweep(plan, path, stop=stop_after(5)) is None
    with resume(path) as run, sweep(plan, tmp_path / "whole.h5") as whole:
        for name in run.quantities:
            assert run.summary(name) == whole.summary(name)
        assert run.attributes["n_sessions"] == 2


def test_status_counts_what_survives(plan, tmp_path, stop_after):
    path = tmp_path / "run.h5"
    seen = []
    sweep(plan, path, stop=stop_after(5), progress=lambda *now: seen.append(now))
    found = status(path)
    assert (found.tiles, found.done, found.complete) == (plan.grid.n_tiles, 5, False)
    assert seen[-1] == (found.done_points, plan.grid.size)
    assert found.sha256 == plan.sha256


def test_live_view_shows_what_is_there(plan, tmp_path, stop_after):
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(5))
    tile, missing = plan.grid.tile(4), plan.grid.tile(5)
    expected = TileComputer(plan)(tile)["spectral_radius"]
    with open_run(RunFolder(path).live) as view:
        rho = view["spectral_radius"]
        assert rho[tile.slices].tobytes() == expected.tobytes()
        assert np.isnan(rho[missing.slices]).all()
        assert (view["regime"][missing.slices] == -128).all()
        assert rho.dims[0][0].name == "/k"


def test_an_exception_keeps_the_tiles_before_it(plan, tmp_path, monkeypatch):
    class Failing(TileComputer):
        def __call__(self, tile, *between):
            if tile.index == 3:
                raise KeyboardInterrupt
            return super().__call__(tile, *between)

    monkeypatch.setattr("critdamp.data.sweeps.sweep.TileComputer", Failing)
    with pytest.raises(KeyboardInterrupt):
        sweep(plan, tmp_path / "run.h5")
    assert status(tmp_path / "run.h5").done == 3


@pytest.mark.parametrize("interrupts", [1, 2])
def test_interrupts_while_a_closed_shard_is_published(
    plan, tmp_path, monkeypatch, interrupts
):
    """The shard is not dropped; of one interrupt, nor is the open one."""
    left, path = iter(range(interrupts)), tmp_path / "run.h5"

    def publish(temporary, target, *given):
        time.sleep(0.1 if target.name.startswith("shard") else 0)
        atomic_files.publish(temporary, target, *given)

    def wait(futures):
        if not futures[0].done() and next(left, None) is not None:
            raise KeyboardInterrupt
        return concurrent.futures.wait(futures)

    monkeypatch.setattr("critdamp.data.storage.new_hdf5.publish", publish)
    monkeypatch.setattr("critdamp.data.sweeps.tile_store.wait", wait)
    with pytest.raises(KeyboardInterrupt):
        sweep(plan, path)
    each = ShardPartition.of(plan).each
    # the second shard is open when its first tile meets the publishing of the first one
    assert status(path).done == 2 * each if interrupts == 1 else each
    assert not list(tmp_path.rglob("*.tmp"))
    resume(path).close()


def test_changed_plan_is_refused_with_the_difference(plan, tmp_path, stop_after):
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(2))
    other = small.small_plan(tol=1e-3)
    for again in (lambda: sweep(other, path), lambda: resume(path, other)):
        with pytest.raises(PlanChangedError, match=r"tol: 1e-06 → 0\.001"):
            again()
    assert status(path).done == 2
    resume(path, plan).close()


def test_unfinished_sweep_is_not_begun_anew_unasked(plan, tmp_path, stop_after):
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(2))
    with pytest.raises(OutputExistsError, match="critdamp resume"):
        sweep(plan, path)
    assert status(path).done == 2
    sweep(plan, path, force=True, stop=stop_after(1))
    assert status(path).done == 1


def test_bad_input_costs_nothing_that_was_done(plan, tmp_path, stop_after):
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(2))
    with pytest.raises(InputError, match="threads"):
        sweep(plan, path, force=True, threads=9999)
    assert status(path).done == 2


def test_file_that_appeared_meanwhile_is_not_replaced(plan, tmp_path, stop_after):
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(2))
    path.write_text("precious")
    with pytest.raises(FileError, match=r"appeared.*critdamp resume"):
        resume(path)
    assert path.read_text() == "precious"
    path.unlink()
    late = iter([path.write_text])

    def progress(*_now):
        for write in late:
            write("precious")

    with pytest.raises(FileError, match="appeared"):
        resume(path, progress=progress)
    assert path.read_text() == "precious"
    path.unlink()
    resume(path).close()


@pytest.mark.parametrize(("when", "force"), [("fsync", 0), ("fsync", 1), ("check", 0)])
def test_a_file_that_appears_while_a_merge_ends_is_not_replaced(
    plan, tmp_path, monkeypatch, when, force
):
    """It comes while the run is synced, or after the last look at its path."""
    path = tmp_path / "run.h5"
    if force:
        path.write_text("to be replaced")

    def to_disk(synced):
        atomic_to_disk(synced)
        if when == "fsync" and synced.match("run.*.tmp"):
            path.write_text("precious")

    def refuse(*given):
        refuse_other(*given)
        if when == "check":
            path.write_text("precious")

    atomic_to_disk, refuse_other = atomic_files.to_disk, merge.refuse_other
    with monkeypatch.context() as patched:
        patched.setattr(atomic_files, "to_disk", to_disk)
        patched.setattr(merge, "refuse_other", refuse)
        with pytest.raises(FileError, match=r"appeared.*critdamp resume"):
            sweep(plan, path, force=bool(force))
    assert path.read_text() == "precious"
    path.unlink()
    resume(path).close()


def test_an_empty_file_in_place_of_a_run_is_replaced(plan, tmp_path, stop_after, bits):
    """Where a file system has no links, it holds the name, and a kill leaves it."""
    assert sweep(plan, tmp_path / "run.h5", stop=stop_after(4)) is None
    (tmp_path / "run.h5").touch()
    assert not status(tmp_path / "run.h5").complete
    resume(tmp_path / "run.h5").close()
    sweep(plan, tmp_path / "whole.h5").close()
    assert bits(tmp_path / "run.h5") == bits(tmp_path / "whole.h5")


def test_forced_over_something_else_is_resumable(plan, tmp_path, stop_after):
    path = tmp_path / "run.h5"
    path.write_text("not precious")
    assert sweep(plan, path, force=True, stop=stop_after(2)) is None
    assert status(path).done == 2
    with resume(path) as run:
        assert run.plan.sha256 == plan.sha256


def test_link_stands_for_its_file(plan, tmp_path):
    (tmp_path / "link.h5").symlink_to(tmp_path / "run.h5")
    sweep(plan, tmp_path / "link.h5").close()
    assert (tmp_path / "link.h5").is_symlink()
    open_run(tmp_path / "run.h5").close()


def test_shards_without_their_plan_are_not_mixed_up(plan, tmp_path, stop_after):
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(4))
    (RunFolder(path).folder / "plan.json").unlink()
    with pytest.raises(InputError, match=r"without their plan\.json"):
        sweep(plan, path)
    with pytest.raises(FileError, match="no such file"):
        status(path)
    sweep(plan, path, force=True).close()


def test_existing_run_is_replaced_only_when_the_new_one_is_there(
    plan, tmp_path, stop_after
):
    path = tmp_path / "run.h5"
    sweep(plan, path).close()
    with pytest.raises(OutputExistsError, match="force=True replaces it"):
        sweep(plan, path)
    other = small.small_plan(tol=1e-3)
    sweep(other, path, force=True, stop=stop_after(1))
    with open_run(path) as old:
        assert old.plan.sha256 == plan.sha256
    assert not status(path).complete
    with resume(path) as new:
        assert new.plan.sha256 == other.sha256


def test_killed_between_rename_and_removal(plan, tmp_path, computed):
    path = tmp_path / "run.h5"
    sweep(plan, path, keep_shards=True).close()
    record = RunFolder(path).record()
    record.keep_shards = False
    RunFolder(path).save(record)
    computed.clear()
    assert status(path).complete
    resume(path).close()
    assert computed == []
    assert not RunFolder(path).folder.exists()


def test_nothing_to_resume(plan, tmp_path):
    with pytest.raises(InputError, match="no unfinished sweep"):
        resume(tmp_path / "run.h5")
    sweep(plan, tmp_path / "run.h5", keep_shards=True).close()
    assert RunFolder(tmp_path / "run.h5").shard(0).exists()
    seen = []
    with resume(tmp_path / "run.h5", progress=lambda *now: seen.append(now)) as run:
        assert run.plan.sha256 == plan.sha256
    assert not seen


def test_stopped_within_a_tile_and_resumed(plan, tmp_path, bits, monkeypatch):
    sweep(plan, tmp_path / "whole.h5").close()
    # a row at a time, and asked after each
    monkeypatch.setattr(pieces, "SECONDS", 0.0)
    path, seen, stops = tmp_path / "run.h5", [], 0
    asked = itertools.count()
    given = {
        "progress": lambda *now: seen.append(now),
        "stop": lambda: next(asked) % 300 == 299,
        "threads": 1,
    }
    run = sweep(plan, path, **given)
    while run is None:
        stops += 1
        assert seen[-1][0] >= status(path).done_points
        run = resume(path, **given)
    run.close()
    assert stops > 1
    assert len(seen) > 2 * plan.grid.n_tiles
    assert seen[-1] == (plan.grid.size, plan.grid.size)
    assert bits(path) == bits(tmp_path / "whole.h5")


def test_shards_are_cut_by_time(plan, tmp_path, bits, monkeypatch):
    sweep(plan, tmp_path / "whole.h5").close()
    monkeypatch.setattr("critdamp.data.sweeps.tile_store.SHARD_SECONDS", 0.0)
    path, counts = tmp_path / "run.h5", []

    def progress(*_now):
        counts.append(status(path).done)

    sweep(plan, path, progress=progress).close()
    # one shard is published while the next tile is computed
    assert all(i - done <= 1 for i, done in enumerate(counts))
    assert bits(path) == bits(tmp_path / "whole.h5")


def test_shards_of_other_tiles_are_made_again(plan, tmp_path, stop_after, bits):
    """As an older critdamp left them, with the same chunks in larger tiles."""
    path = tmp_path / "run.h5"
    sweep(plan, tmp_path / "whole.h5").close()
    assert sweep(plan, path, stop=stop_after(3)) is None
    other = small.small_plan()
    other.grid = replace(plan.grid, tile_points=2**7)
    folder = RunFolder(path)
    record = folder.record()
    record.plan = other
    with pytest.raises(DamagedError, match="tiles of another size"):
        contents(folder, 0, record)


def test_shards_and_view_are_complete_files(plan, tmp_path):
    path = tmp_path / "run.h5"
    sweep(plan, path, keep_shards=True).close()
    with open_run(path) as run, open_run(RunFolder(path).live) as view:
        for name in run.quantities:
            assert run[name][()].tobytes() == view[name][()].tobytes()
    with h5py.File(RunFolder(path).shard(1), "r") as shard:
        assert shard["spectral_radius"].shape == plan.grid.shape


def test_killed_at_random_moments(plan, tmp_path, bits, child):
    path, whole = tmp_path / "run.h5", tmp_path / "whole.h5"
    began = time.monotonic()
    sweep(plan, whole).close()
    lasts = time.monotonic() - began
    record, done, killed = RunFolder(path).folder / "plan.json", 0, 0
    while killed < KILLS or not path.exists():
        process = child(path)
        process.stdin.write("go\n")
        process.stdin.flush()
        if killed < KILLS:
            time.sleep(random.uniform(0, lasts))
            process.send_signal(signal.SIGKILL)
        code = process.wait()
        assert code in (0, -signal.SIGKILL), process.stderr.read()
        killed += code == -signal.SIGKILL
        now = status(path).done if path.exists() or record.exists() else 0
        assert now >= done
        done = now
        if path.exists():
            assert bits(path) == bits(whole)
        if path.exists() and not record.exists() and killed < KILLS:
            path.unlink()
            done = 0
    # a kill after the last removal leaves the empty folder
    assert not RunFolder(path).begun
    assert not list(tmp_path.glob("run.h5.parts/*"))


def test_killed_while_merging(plan, tmp_path, bits, child, counts):
    path, whole = tmp_path / "run.h5", tmp_path / "whole.h5"
    sweep(plan, whole).close()
    sweep(plan, path, keep_shards=True).close()
    path.unlink()
    began = time.monotonic()
    resume(path).close()
    lasts, killed, cut_off = time.monotonic() - began, 0, 0
    while killed < KILLS:
        path.unlink(missing_ok=True)
        process = child(path)
        process.stdin.write("go\n")
        process.stdin.flush()
        time.sleep(random.uniform(0, lasts))
        process.send_signal(signal.SIGKILL)
        code = process.wait()
        assert code in (0, -signal.SIGKILL), process.stderr.read()
        killed += code == -signal.SIGKILL
        cut_off += not path.exists()
        assert status(path).done == plan.grid.n_tiles
        assert not path.exists() or bits(path) == bits(whole)
    path.unlink(missing_ok=True)
    resume(path).close()
    assert bits(path) == bits(whole)
    counts("kills while merging", killed)
    counts("of them before the run was there", cut_off)


def test_two_processes_do_not_write_one_run(plan, tmp_path, stop_after):
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(1))
    with RunFolder(path).claimed():
        code = "import sys, critdamp.data.sweeps.sweep as s; s.resume(sys.argv[1])"
        command = [os.sys.executable, "-c", code, str(path)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "another process is writing there" in result.stderr
    assert f"{socket.gethostname()}, process {os.getpid()}" in result.stderr
    resume(path).close()
    assert [found.name for found in tmp_path.iterdir()] == ["run.h5"]


@pytest.mark.parametrize("error", [ValueError, KeyError, RuntimeError, OSError])
def test_errors_of_hdf5_are_told_in_words(plan, tmp_path, monkeypatch, error):
    """As h5py raises them where another process writes into the same file."""

    def lay_out(*_arguments):
        raise error("Unable to create dataset (name already exists)")

    path = tmp_path / "run.h5"
    monkeypatch.setattr("critdamp.data.sweeps.merge.lay_out", lay_out)
    with pytest.raises(FileError, match=r"name already exists.*critdamp resume"):
        sweep(plan, path)


def sweep_one_more(path):
    """Resume a sweep and stop it after a tile."""
    return resume(path, stop=lambda: True) is None


def test_two_processes_where_no_lock_is_refuse_in_words(
    plan, tmp_path, stop_after, monkeypatch
):
    """Some network file systems cannot lock folders: a file is the lock then."""

    def refuse(*_arguments):
        raise OSError(errno.ENOLCK, "no locks available")

    def other():
        with pytest.raises(FileError, match="another process is writing there"):
            resume(path)
        return False

    monkeypatch.setattr(fcntl, "flock", refuse)
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(4))
    resume(path, stop=other).close()


def test_a_lock_file_that_someone_removes_ends_no_sweep(plan, tmp_path):
    path = tmp_path / "run.h5"

    def progress(*_now):
        (RunFolder(path).folder / "writer").unlink(missing_ok=True)

    sweep(plan, path, progress=progress).close()
    assert list(tmp_path.iterdir()) == [path]


def test_a_dead_writer_is_nobodys_lock(plan, tmp_path, stop_after, monkeypatch):
    monkeypatch.setattr(lock_file, "_BEAT", 0.1)
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(1))
    writer = RunFolder(path).folder / "writer"
    ended = replace(Holder.here(), process=2**22 + 1)
    writer.write_text(json.dumps(asdict(ended)))
    assert sweep_one_more(path)
    writer.write_text("of another version, whose lock is gone")
    assert sweep_one_more(path)
    writer.write_text(json.dumps(asdict(replace(ended, host="node7", kernel="else"))))
    with pytest.raises(FileError, match=r"writing there \(node7, process"):
        resume(path)
    # as long without a sign of life
    os.utime(writer, (1e9, 1e9))
    resume(path).close()
    assert not RunFolder(path).folder.exists()


def test_another_folder_meanwhile_moves_no_output(
    plan, tmp_path, bits, stop_after, monkeypatch
):
    """Paths are those of the beginning; messages name them as they were given."""
    sweep(plan, tmp_path / "whole.h5").close()
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    there = itertools.cycle([tmp_path / "there", tmp_path])

    def progress(*_now):
        os.chdir(next(there))

    monkeypatch.chdir(tmp_path / "here")
    path = tmp_path / "here" / "run.h5"
    assert sweep(plan, "run.h5", progress=progress, stop=stop_after(4)) is None
    os.chdir(path.parent)
    assert f"{status('run.h5').path}" == "run.h5"
    with pytest.raises(CritdampError, match=r"^run\.h5: an unfinished.*resume run\.h5"):
        sweep(plan, "run.h5")
    with resume("run.h5", progress=progress) as run:
        assert run.path == path
    assert bits(path) == bits(tmp_path / "whole.h5")
    os.chdir(path.parent)
    small.spoil(path, 3)
    resume("run.h5", progress=progress).close()
    assert not check_file(path)
    assert [found.name for found in path.parent.iterdir()] == ["run.h5"]
    assert not list((tmp_path / "there").iterdir())


def test_a_name_that_is_too_long_is_refused_at_once(plan, tmp_path):
    """A folder with `.parts` is beside the run, and files with longer names in it."""
    longest = tmp_path / f"{'ü' * 123}.h5"  # 249 bytes
    sweep(plan, longest).close()
    open_run(longest).close()
    for act in (lambda path: sweep(plan, path), resume, status, check_file):
        with pytest.raises(CritdampError, match=r"the name is too long, with"):
            act(tmp_path / f"a{longest.name}")
    assert [found.name for found in tmp_path.iterdir()] == [longest.name]


def test_a_clock_that_goes_back_changes_nothing(
    plan, tmp_path, bits, stop_after, monkeypatch
):
    path = tmp_path / "run.h5"
    sweep(plan, tmp_path / "whole.h5").close()
    sweep(plan, path, stop=stop_after(2))
    monkeypatch.setattr(
        "critdamp.data.formats.provenance.now", lambda: "1970-01-01T00:00:00Z"
    )
    with resume(path) as run:
        assert run.attributes["wall_time_s"] > 0
    assert bits(path) == bits(tmp_path / "whole.h5")


def test_a_view_shows_no_shards_of_another_sweep(
    plan, tmp_path, stop_after, monkeypatch
):
    """HDF5 looks for a file that is missing in the folder where we are, too."""
    path, other = tmp_path / "run.h5", tmp_path / "other.h5"
    sweep(plan, path, stop=stop_after(3))
    sweep(small.small_plan(tol=1e-3), other, keep_shards=True).close()
    monkeypatch.chdir(RunFolder(other).folder)
    with open_run(RunFolder(path).live) as view:
        there = np.isfinite(view["spectral_radius"][()])
    assert there.sum() == status(path).done_points


@pytest.mark.parametrize("what", ["folder", "run"])
def test_links_that_lead_elsewhere(plan, tmp_path, what):
    path = tmp_path / "run.h5"
    if what == "folder":
        (tmp_path / "elsewhere").mkdir()
        RunFolder(path).folder.symlink_to(tmp_path / "elsewhere")
    else:
        path.symlink_to(path)
    with pytest.raises(CritdampError, match="a link"):
        sweep(plan, path)


def test_other_files_in_the_folder_are_left_alone(plan, tmp_path):
    folder = RunFolder(tmp_path / "run.h5").folder
    folder.mkdir()
    (folder / "notes.tmp").write_text("precious")
    sweep(plan, tmp_path / "run.h5").close()
    assert [path.name for path in folder.iterdir()] == ["notes.tmp"]


def test_what_cannot_fit_is_not_begun(plan, tmp_path, monkeypatch):
    path = tmp_path / "run.h5"
    usage = shutil.disk_usage(tmp_path)._replace(free=10_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(FileError, match=r"needs about .* MB, 0\.01 MB are free"):
        sweep(plan, path)
    assert not list(tmp_path.iterdir())
    sweep(plan, path, force=True).close()


def test_a_reader_that_stays_open_sees_what_is_new(plan, tmp_path, stop_after):
    """While a sweep goes on, shards that get finished show at the next read."""
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(3))
    counts = []
    with open_run(RunFolder(path).live) as view:
        rho = view["spectral_radius"]

        def progress(*_now):
            counts.append(int(np.count_nonzero(np.isfinite(rho[()]))))

        resume(path, progress=progress).close()
    assert counts == sorted(counts)
    assert counts[0] < counts[-1] <= plan.grid.size


def test_a_repair_can_be_stopped(plan, tmp_path):
    path = tmp_path / "run.h5"
    sweep(plan, path).close()
    small.spoil(path, 3)
    before = path.read_bytes()
    assert resume(path, stop=lambda: True) is None
    assert [file.name for file in tmp_path.iterdir()] == ["run.h5"]
    assert path.read_bytes() == before
    resume(path).close()
    assert not check_file(path)


def test_a_repair_replaces_no_other_file(plan, tmp_path):
    path, other = tmp_path / "run.h5", tmp_path / "other"
    sweep(plan, path).close()
    small.spoil(path, 3)

    def put_there(_done, _points):
        other.write_text("another one")
        other.replace(path)

    with pytest.raises(FileError, match="another file appeared there"):
        resume(path, progress=put_there)
    assert path.read_text() == "another one"
    assert [file.name for file in tmp_path.iterdir()] == ["run.h5"]
