"""Changed bits are found, named, and mended."""

import json
import os
import random
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import h5py
import pytest

from critdamp.data.parts import Parts
from critdamp.data.sweeps import resume, status, sweep
from critdamp.data.verify import verify
from critdamp.engine.errors import FileError, InputError

FLIPS = int(os.environ.get("CRITDAMP_TEST_FLIPS", "150"))


def flip(path, at, bit=0):
    """Change one bit of a file."""
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ (1 << bit)]))


def chunk_at(path, name, number):
    """Return where a chunk's bytes are, how many, and its place in the grid."""
    with h5py.File(path, "r") as file:
        known = file[name].id.get_chunk_info(number)
        return known.byte_offset, known.size, known.chunk_offset


def test_a_flipped_bit_of_a_run_is_named_and_mended(plan, tmp_path, bits):
    path = tmp_path / "run.h5"
    sweep(plan, path).close()
    whole = bits(path)
    assert verify(path) == []
    start, size, corner = chunk_at(path, "settling_time", 3)
    flip(path, start + size // 2, 5)
    (damage,) = verify(path)
    assert damage.quantity == "settling_time"
    assert tuple(side.start for side in damage.where) == corner
    resume(path).close()
    assert verify(path) == []
    assert bits(path) == whole
    with pytest.raises(InputError, match="complete already"):
        resume(path)


def test_a_flipped_bit_of_a_shard_costs_its_tile(
    plan, tmp_path, bits, stop_after, monkeypatch
):
    path, whole = tmp_path / "run.h5", tmp_path / "whole.h5"
    sweep(plan, whole).close()
    sweep(plan, path, stop=stop_after(6))
    shard = Parts(path).shard(0)
    start, size, corner = chunk_at(shard, "regime", 1)
    flip(shard, start + size // 3)
    (damage,) = verify(path)
    assert (damage.path, damage.quantity) == (shard, "regime")
    assert tuple(side.start for side in damage.where) == corner
    done = status(path).done
    steps = []
    with resume(path, progress=lambda *now: steps.append(now)) as run:
        assert run.attributes["status"] == "complete"
    assert len(steps) == plan.grid.n_tiles - done + 1
    assert bits(path) == bits(whole)


def test_a_shard_that_cannot_be_read_is_made_again(plan, tmp_path, bits, stop_after):
    path, whole = tmp_path / "run.h5", tmp_path / "whole.h5"
    sweep(plan, whole).close()
    sweep(plan, path, stop=stop_after(6))
    shard = Parts(path).shard(0)
    shard.write_bytes(shard.read_bytes()[:700])
    assert [one.quantity for one in verify(path)] == [""]
    resume(path).close()
    assert bits(path) == bits(whole)


def test_a_shard_damaged_while_the_sweep_runs_stops_it(plan, tmp_path, stop_after):
    """It is not copied into the run, and what to do is said."""
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(6))
    shard, seen = Parts(path).shard(1), []

    def progress(*now):
        if not seen and shard.exists():
            start, size, _ = chunk_at(shard, "spectral_radius", 0)
            flip(shard, start + size // 2)
            seen.append(now)

    resume(path, stop=stop_after(3), progress=progress)
    (damage,) = verify(path)
    assert damage.path == shard
    resume(path).close()


CHILD = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_integrity import outcome, flip
path = Path(sys.argv[1])
for line in sys.stdin:
    at, bit = json.loads(line)
    flip(path, at, bit)
    print(outcome(path), flush=True)
    flip(path, at, bit)
"""


def read(path):
    """Return a checksum of all that a reader sees of a file."""
    digest = 0
    with h5py.File(path, "r") as file:
        names = []
        file.visit(names.append)
        for name in ["/", *names]:
            item = file[name]
            known = [(k, repr(v)) for k, v in item.attrs.items() if "_LIST" not in k]
            values = item[()] if isinstance(item, h5py.Dataset) else b""
            values = values if isinstance(values, bytes) else values.tobytes()
            digest = zlib.crc32(repr((name, sorted(known), values)).encode(), digest)
    return digest


def outcome(path):
    """Return «found», or a hash of what is read where nothing was found."""
    try:
        damage = verify(path)
    except FileError:
        return "found"
    return "found" if damage else str(read(path))


def test_any_flipped_bit_is_found_or_changes_nothing(plan, tmp_path):
    """Of the whole file; what is in no use by HDF5 may change unseen."""
    path, copy = tmp_path / "run.h5", tmp_path / "copy.h5"
    sweep(plan, path).close()
    shutil.copyfile(path, copy)
    rng, size = random.Random(11), path.stat().st_size
    expected, found, left = str(read(path)), 0, FLIPS
    while left:  # a child that HDF5 ends is followed by another
        shutil.copyfile(path, copy)
        command = [sys.executable, "-c", CHILD, str(copy), str(Path(__file__).parent)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(
            command, text=True, stderr=subprocess.DEVNULL, **pipes
        ) as child:
            while left and child.poll() is None:
                place = rng.randrange(size), rng.randrange(8)
                child.stdin.write(json.dumps(place) + "\n")
                child.stdin.flush()
                said, left = child.stdout.readline().strip(), left - 1
                assert said in ("found", "", expected), place
                found += said != expected
                if not said:
                    break
            child.kill()
    print(
        f"\nbits flipped {FLIPS}, found {found}, the others change nothing that is read"
    )
    assert found > FLIPS // 2
