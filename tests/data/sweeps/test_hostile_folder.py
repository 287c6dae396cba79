"""A folder that another user prepared: nothing outside of it is read or written.

In the place of each file that critdamp looks for stands a link, a FIFO, a device or a
folder. Each call ends with its result or with one line, and hangs on nothing.
"""

import itertools
import json
import os
import random
import shutil
import stat

import effort
import pytest
import race_child
import small

from critdamp.data.shards.folder import RunFolder
from critdamp.data.storage.outputs import check_output
from critdamp.data.sweeps.status import status
from critdamp.data.sweeps.sweep import resume, sweep
from critdamp.engine.errors import CritdampError

pytestmark = pytest.mark.crash

TRIES = effort.number("HOSTILE", 30, 180)
NAMES = (
    *("", "plan.json", "writer", "live.h5", "shard-0000.h5", "shard-0002.h5"),
    *("damaged-0000.h5", "run.0.tmp", "plan.json.0.tmp", "shard-0000.h5.0.tmp"),
)
ACTS = ("status", "check_file", "view", "resume", "begin", "force")


def folder(path, _victim):
    path.mkdir()
    (path / "precious").write_text("precious")


def device(path, _victim):
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero, without an end


KINDS = {
    "a link to a file": lambda path, victim: path.symlink_to(victim / path.name),
    "a link to a folder": lambda path, victim: path.symlink_to(victim),
    "a link to a FIFO": lambda path, victim: path.symlink_to(victim / "fifo"),
    "a link to a device": lambda path, _victim: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path, _victim: path.symlink_to(path),
    "a link to nothing": lambda path, victim: path.symlink_to(victim / "new"),
    "a FIFO": lambda path, _victim: os.mkfifo(path),
    "a device": device,
    "a folder": folder,
}


def contents(folder):
    """Return name → contents of what is in a folder, and how it may be accessed."""
    return {
        path.name: (path.lstat().st_mode, path.is_file() and path.read_bytes())
        for path in folder.iterdir()
    }


def cases():
    """Return some of all cases, in the order of what is to be done."""
    found = list(itertools.product(NAMES, KINDS, ACTS))
    random.Random(1).shuffle(found)
    return found[:TRIES]


def test_whatever_stands_there(plan, tmp_path, stop_after, ask, counts):
    begun, victim = tmp_path / "begun", tmp_path / "victim"
    begun.mkdir()
    assert sweep(small.few_tiles(), begun / "run.h5", stop=stop_after(4)) is None
    shutil.copytree(begun / "run.h5.parts", victim)
    os.mkfifo(victim / "fifo")
    for name in NAMES[1:]:  # files of the victim, of which some are true shards
        if not (victim / name).exists():
            (victim / name).write_text("precious")
    before, refused = contents(victim), 0
    for number, (name, kind, act) in enumerate(cases()):
        path = tmp_path / f"{number}" / "run.h5"
        shutil.copytree(begun, path.parent)
        there = RunFolder(path).folder / name
        if not name:
            shutil.rmtree(there)
        there.unlink(missing_ok=True)
        try:
            KINDS[kind](there, victim)
        except PermissionError:  # to make a device takes rights
            continue
        order = {
            **race_child.DEFAULTS,
            "how": "meet",
            "act": act,
            "path": str(path),
            "said": str(tmp_path / f"said-{number}"),
            "patience": 60.0,
        }
        ((code, said),) = ask([order])
        told = (name, kind, act, code, said)
        assert code in (0, race_child.REFUSED), told
        assert "\n" not in said, told
        assert contents(victim) == before, told
        kept = there / "precious"
        assert kind != "a folder" or not name or kept.exists(), told
        refused += code != 0
        shutil.rmtree(path.parent)
        counts("things that others prepared in a folder", 1)
    counts("of them refused, with one line", refused)


@pytest.mark.parametrize("act", [status, resume])
def test_a_true_shard_behind_a_link_is_not_read(plan, tmp_path, stop_after, act):
    path = tmp_path / "run.h5"
    assert sweep(plan, path, stop=stop_after(6)) is None
    shard = RunFolder(path).shard(0)
    shard.rename(tmp_path / "elsewhere.h5")
    shard.symlink_to(tmp_path / "elsewhere.h5")
    with pytest.raises(CritdampError, match=r"shard-0000.h5: a link; move it away"):
        act(path)
    assert shard.is_symlink()


def test_a_record_without_an_end(plan, tmp_path, stop_after, monkeypatch):
    path = tmp_path / "run.h5"
    assert sweep(plan, path, stop=stop_after(6)) is None
    monkeypatch.setattr("critdamp.data.shards.folder._MOST", 1000)
    for act in (status, resume):
        with pytest.raises(CritdampError, match="has more than 1000 bytes"):
            act(path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives folders away")
def test_a_folder_of_another_user(plan, tmp_path):
    path = tmp_path / "run.h5"
    RunFolder(path).folder.mkdir()
    (RunFolder(path).folder / "precious").touch()
    os.chown(RunFolder(path).folder, 12345, 12345)
    with pytest.raises(CritdampError, match="belongs to another user"):
        sweep(plan, path)
    assert [found.name for found in RunFolder(path).folder.iterdir()] == ["precious"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives links away")
def test_a_link_of_another_user_in_a_folder_for_all(plan, tmp_path):
    """As the kernel has it, of whoever owns the folder it may be followed."""
    shared, victim, link = (
        tmp_path / "tmp",
        tmp_path / "new.h5",
        tmp_path / "tmp/run.h5",
    )
    shared.mkdir()
    shared.chmod(0o1777)
    link.symlink_to(victim)
    os.chown(link, 12345, 12345, follow_symlinks=False)
    for act in (RunFolder.of, check_output, lambda path: sweep(plan, path, force=True)):
        with pytest.raises(
            CritdampError, match=r"run\.h5: a link of another user; give"
        ):
            act(link)
    assert not victim.exists()
    os.chown(shared, 12345, 12345)
    sweep(plan, link).close()
    assert victim.exists()


@pytest.mark.parametrize(
    "host", ["a\nb", "\x1b[2J", 7, None], ids=["two lines", "codes", "number", "null"]
)
def test_what_a_lock_file_says_is_not_shown_as_it_is(plan, tmp_path, stop_after, host):
    path = tmp_path / "run.h5"
    assert sweep(plan, path, stop=stop_after(2)) is None
    said = {"host": host, "process": "../fifo", "began": "", "kernel": "", "token": ""}
    (RunFolder(path).folder / "writer").write_text(json.dumps(said))
    resume(path).close()
