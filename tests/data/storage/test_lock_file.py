"""A lock that is a file: it is taken over once, and from nobody who is there."""

import errno
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace

import pytest

from critdamp.data.storage import lock_file
from critdamp.data.storage.lock_file import Holder, LockFile
from critdamp.engine.errors import FileError

HOLD = """
import sys, time
from pathlib import Path
from critdamp.data.storage.lock_file import LockFile
LockFile(Path(sys.argv[1])).acquire(alone=False)
print("held", flush=True)
time.sleep(600)
"""
OTHER = replace(Holder.here(), process=2**22 + 1)


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Shorten the times."""
    monkeypatch.setattr(lock_file, "_BEAT", 0.3)
    monkeypatch.setattr(lock_file, "_LOST", 30.0)
    monkeypatch.setattr(lock_file, "_PAUSE", 0.0)


def write(path, holder):
    """Write the file of a holder."""
    path.write_text(json.dumps(asdict(holder)))


def test_many_find_a_dead_holder_and_one_gets_the_lock(tmp_path):
    for number in range(20):
        path, got, start = tmp_path / f"{number}", [], threading.Barrier(4)
        write(path, replace(OTHER, token=f"{number}"))
        locks = [LockFile(path) for _ in range(4)]

        def acquire(one, start=start, got=got):
            start.wait()
            try:
                one.acquire(alone=False)
            except BlockingIOError:
                return
            got.append(one)

        threads = [threading.Thread(target=acquire, args=[one]) for one in locks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (held,) = got
        held.check()
        for one in locks:
            one.release()
    assert not list(tmp_path.iterdir())


def test_a_clock_that_was_set_takes_no_lock_away(tmp_path):
    path = tmp_path / "writer"
    held, other = LockFile(path), LockFile(path)
    held.acquire(alone=False)
    for when in (1e9, 4e9):
        os.utime(path, (when, when))
        with pytest.raises(BlockingIOError):
            other.acquire(alone=False)
    held.check()
    held.release()
    assert not path.exists()


def test_who_gave_no_sign_finds_out(tmp_path, monkeypatch):
    path = tmp_path / "writer"
    monkeypatch.setattr(lock_file, "_BEAT", 1e6)  # as if it was stopped
    held, other = LockFile(path), LockFile(path)
    held.acquire(alone=False)
    monkeypatch.setattr(lock_file, "_BEAT", 0.02)
    with pytest.raises(BlockingIOError):
        other.acquire(alone=False)
    os.utime(path, (time.time() - 31, time.time() - 31))
    other = LockFile(path)
    other.acquire(alone=False)
    with pytest.raises(FileError, match="another process took over"):
        held.check()
    held.release()
    other.check()
    other.release()


def test_a_file_that_someone_removed_is_made_again_under_a_lock_of_the_kernel(
    tmp_path,
):
    path = tmp_path / "writer"
    held = LockFile(path)
    held.acquire(alone=True)
    path.unlink()
    held.check()
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(BlockingIOError):
        LockFile(path).acquire(alone=False)
    write(path, OTHER)
    with pytest.raises(FileError, match="another process took over"):
        held.check()
    held.release()
    assert path.exists()


@pytest.mark.parametrize("alone", [False, True])
def test_a_file_that_is_gone_may_be_one_of_another_process(tmp_path, alone):
    """It is nobody's to make again without a lock, or in a folder that is another."""
    path = tmp_path / "parts" / "writer"
    path.parent.mkdir()
    held = LockFile(path)
    held.acquire(alone)
    if alone:
        path.parent.rename(tmp_path / "moved")
        with pytest.raises(FileError, match="its file writer is gone"):
            held.check()
        path.parent.mkdir()
    else:
        path.unlink()
    with pytest.raises(FileError, match="its file writer is gone"):
        held.check()
    assert not list(path.parent.iterdir())
    held.release()


@pytest.mark.parametrize("alone", [False, True])
def test_a_refusal_that_passes_ends_nothing(tmp_path, monkeypatch, alone):
    path, refusals = tmp_path / "writer", [errno.ESTALE, errno.EIO, errno.ETIMEDOUT]
    held = LockFile(path)
    held.acquire(alone)

    def refuse(*given):
        if threading.current_thread() is threading.main_thread() and refusals:
            raise OSError(refusals.pop(), "refused")
        return read_own(*given)

    read_own = lock_file.read_own
    monkeypatch.setattr(lock_file, "read_own", refuse)
    held.check()
    assert not refusals
    refusals += [errno.EIO] * lock_file._TRIES
    with pytest.raises(FileError, match="cannot read it: Input/output error"):
        held.check()
    assert not refusals
    held.release()


@pytest.fixture
def holder(tmp_path):
    """Return a process that holds the lock `writer`."""
    command = [sys.executable, "-c", HOLD, tmp_path / "writer"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_killed_process_that_nobody_asked_for_holds_nothing(tmp_path, holder):
    """It is in the list of processes until its parent takes note of its end."""
    holder.kill()
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
    lock = LockFile(tmp_path / "writer")
    lock.acquire(alone=False)
    lock.release()


def test_a_lock_of_the_kernel_that_lies_takes_nothing_from_who_runs(tmp_path, holder):
    with pytest.raises(BlockingIOError, match=f"process {holder.pid}"):
        LockFile(tmp_path / "writer").acquire(alone=True)
