"""What the system refuses is not damaged: nothing is put aside, and nothing computed.

`refuser.c` refuses to open, read or lock files, with any errno but EINTR, on which
Python and HDF5 try again.
"""

import errno
import hashlib
import json
from pathlib import Path

import effort
import h5py
import pytest
import shims

from critdamp.data.storage.open_hdf5 import open_to_read
from critdamp.data.storage.os_errors import system_error
from critdamp.data.sweeps.sweep import sweep

pytestmark = pytest.mark.crash

HERE = Path(__file__).parent
CODES = (
    *("EDEADLK", "EDQUOT", "EHOSTDOWN", "EIO", "ELOOP", "EMFILE", "ENOBUFS"),
    *("ENODEV", "ENOKEY", "ENOLCK", "ENOMEM", "ENOTCONN", "ENXIO", "EREMOTEIO"),
    *("ESTALE", "ETIMEDOUT"),
)
# of locking, HDF5 and some file systems have more
LOCKS = ("ENOLCK", "ENOSYS", "EBADF", "ENOTSUP", *CODES)[
    : effort.number("LOCKS", 2, 99)
]


@pytest.fixture(scope="module", params=["", "core"], ids=["default driver", "core"])
def ask(request, tmp_path_factory):
    """Return what asks a process for the outcome of a call while others are refused."""
    folder, child = tmp_path_factory.mktemp("shim"), HERE / "refuse_child.py"
    driver = {"HDF5_DRIVER": request.param}
    with shims.preloaded(HERE / "refuser.c", folder, child, **driver) as process:

        def ask(*asked):
            print(json.dumps(asked), file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()


def contents(folder):
    """Return path → hash of all files below a folder, but of the lock."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "writer"
    }


def refused(answer):
    """Return whether an answer is an error that is none of damage."""
    error, text = answer
    return error in ("RefusedError", "FileError") and "damaged" not in text


@pytest.mark.parametrize("call", ["open", "read"])
def test_shards_and_runs_that_are_refused(
    plan, tmp_path, stop_after, ask, call, counts
):
    folder = tmp_path / "unfinished"
    folder.mkdir()
    assert sweep(plan, folder / "run.h5", stop=stop_after(4)) is None
    (tmp_path / "finished").mkdir()
    sweep(plan, tmp_path / "finished" / "run.h5").close()
    before = contents(tmp_path)
    for code in CODES:
        number = getattr(errno, code)
        for name in ("done", "damaged", "resumed"):
            assert refused(ask(str(folder), [call], number, name)), (code, name)
        for name in ("done", "damaged", "opened", "resumed"):
            answer = ask(str(folder.with_name("finished")), [call], number, name)
            assert refused(answer), (code, name, answer)
        counts("refusals of the system", 7)
    assert contents(tmp_path) == before
    assert ask(str(folder), [], 0, "resumed") == ["resumed"]


def test_locks_that_hdf5_was_told_to_take(monkeypatch):
    refusal = OSError("unable to lock file, errno = 38, error message = '…'")
    in_use = OSError("unable to lock file, errno = 11, error message = '…'")
    assert "HDF5_USE_FILE_LOCKING" not in system_error(refusal, "read")
    monkeypatch.setenv("HDF5_USE_FILE_LOCKING", "TRUE")
    assert system_error(refusal, "read").endswith("which fail: set it to FALSE")
    assert system_error(in_use, "read").endswith("close it there")


def test_a_file_that_goes_while_hdf5_opens_it_is_missing(tmp_path, monkeypatch):
    """HDF5 says this without an errno."""

    def gone(path, *_arguments, **_options):
        path.unlink()
        raise OSError("Unable to open file (can't retrieve stat info for file)")

    path = tmp_path / "shard.h5"
    path.touch()
    monkeypatch.setattr(h5py, "File", gone)
    with pytest.raises(FileNotFoundError):
        open_to_read(path)


@pytest.mark.parametrize("code", LOCKS)
def test_where_nothing_can_be_locked_sweeps_work(
    plan, tmp_path, stop_after, ask, bits, code
):
    sweep(plan, tmp_path / "whole.h5").close()
    assert sweep(plan, tmp_path / "run.h5", stop=stop_after(4)) is None
    number = getattr(errno, code)
    answers = [
        ask(str(tmp_path), ["flock"], number, name)
        for name in ("done", "damaged", "resumed", "opened")
    ]
    assert [answers[0] >= [4], *answers[1:3]] == [True, [0], ["resumed"]]
    assert len(answers[3]) == 1
    assert bits(tmp_path / "run.h5") == bits(tmp_path / "whole.h5")
