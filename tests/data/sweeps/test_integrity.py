"""Changed bits are found, named, and mended."""

import itertools
import json
import random
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import effort
import h5py
import numpy as np
import pytest
import small

from critdamp.data.shards.folder import RunFolder
from critdamp.data.sweeps.check import check_file
from critdamp.data.sweeps.status import status
from critdamp.data.sweeps.sweep import resume, sweep
from critdamp.engine.errors import FileError, PlanChangedError

pytestmark = pytest.mark.fuzz
HERE = Path(__file__).parent
FLIPS = effort.number("FLIPS", 40, 150)


def flip(path, at, bit=0):
    """Change one bit of a file."""
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ (1 << bit)]))


def chunks_at(path, name):
    """Return of each chunk where its bytes are, how many, and its place in the grid."""
    with h5py.File(path, "r") as file:
        stored = file[name].id
        infos = [stored.get_chunk_info(i) for i in range(stored.get_num_chunks())]
    return [(one.byte_offset, one.size, one.chunk_offset) for one in infos]


def chunk_at(path, name, number):
    return chunks_at(path, name)[number]


def test_a_flipped_bit_of_a_run_is_named_and_mended(plan, tmp_path, bits):
    path = tmp_path / "run.h5"
    sweep(plan, path).close()
    whole = bits(path)
    assert check_file(path) == []
    start, size, corner = chunk_at(path, "settling_time", 3)
    flip(path, start + size // 2, 5)
    (damage,) = check_file(path)
    assert damage.quantity == "settling_time"
    assert tuple(side.start for side in damage.where) == corner
    resume(path).close()
    assert check_file(path) == []
    assert bits(path) == whole
    seen = []
    resume(path, progress=lambda *now: seen.append(now)).close()
    assert not seen


def test_a_flipped_bit_of_a_shard_costs_its_tile(
    plan, tmp_path, bits, stop_after, monkeypatch
):
    path, whole = tmp_path / "run.h5", tmp_path / "whole.h5"
    sweep(plan, whole).close()
    sweep(plan, path, stop=stop_after(6))
    shard = RunFolder(path).shard(0)
    start, size, corner = chunk_at(shard, "regime", 1)
    flip(shard, start + size // 3)
    (damage,) = check_file(path)
    assert (damage.path, damage.quantity) == (shard, "regime")
    assert tuple(side.start for side in damage.where) == corner
    done = status(path).done
    steps = []
    with resume(path, progress=lambda *now: steps.append(now)) as run:
        assert run.attributes["status"] == "complete"
    computed = sum(a < b for a, b in itertools.pairwise(steps))
    assert computed == plan.grid.n_tiles - done + 1
    assert bits(path) == bits(whole)


def test_a_shard_that_cannot_be_read_is_made_again(plan, tmp_path, bits, stop_after):
    path, whole = tmp_path / "run.h5", tmp_path / "whole.h5"
    sweep(plan, whole).close()
    sweep(plan, path, stop=stop_after(6))
    shard = RunFolder(path).shard(0)
    shard.write_bytes(shard.read_bytes()[:700])
    assert [one.quantity for one in check_file(path)] == [""]
    resume(path).close()
    assert bits(path) == bits(whole)


def test_a_shard_damaged_while_the_sweep_runs(plan, tmp_path, stop_after, bits):
    """Whether it was in the run by then or not."""
    path, whole = tmp_path / "run.h5", tmp_path / "whole.h5"
    sweep(plan, whole).close()
    sweep(plan, path, stop=stop_after(6))
    shard, seen = RunFolder(path).shard(1), []

    def progress(*now):
        if not seen and shard.exists():
            start, size, _ = chunk_at(shard, "spectral_radius", 0)
            flip(shard, start + size // 2)
            seen.append(now)

    resume(path, stop=stop_after(3), progress=progress)
    (damage,) = check_file(path)
    assert damage.path == shard
    resume(path).close()
    assert bits(path) == bits(whole)


CHILD = """
import json, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
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
        if check_file(path):
            return "found"
    except FileError:
        return "found"
    except Exception as error:
        return f"not caught: {error!r}"
    try:
        return str(read(path))
    except Exception as error:
        return f"not found: {error!r}"


def test_any_flipped_bit_is_found_or_changes_nothing(plan, tmp_path, counts):
    """Of the whole file; what is in no use by HDF5 may change unseen."""
    path, copy = tmp_path / "run.h5", tmp_path / "copy.h5"
    sweep(plan, path).close()
    shutil.copyfile(path, copy)
    rng, size = random.Random(11), path.stat().st_size
    inside = {
        at
        for name in plan.quantities
        for start, length, _ in chunks_at(path, name.name)
        for at in range(start, start + length)
    }
    beside = sorted(set(range(size)) - inside)
    expected, found, ended, left = str(read(path)), 0, 0, FLIPS
    while left:  # a child that HDF5 ends is followed by another
        shutil.copyfile(path, copy)
        command = [sys.executable, "-c", CHILD, copy, HERE, Path(small.__file__).parent]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(
            command, text=True, stderr=subprocess.DEVNULL, **pipes
        ) as child:
            while left and child.poll() is None:
                # every other one outside of chunks, of which a file is made mostly
                at = rng.randrange(size) if left % 2 else rng.choice(beside)
                place = at, rng.randrange(8)
                child.stdin.write(json.dumps(place) + "\n")
                child.stdin.flush()
                said, left = child.stdout.readline().strip(), left - 1
                assert said in ("found", "", expected), place
                found += said == "found"
                ended += not said
                if not said:
                    break
            child.kill()
    counts("bits flipped", FLIPS)
    counts("flipped bits that were found", found)
    counts("flipped bits that ended libhdf5", ended)
    counts("flipped bits that change nothing that is read", FLIPS - found - ended)
    assert found > FLIPS // 2
    assert ended < FLIPS // 20


def spoiled(path, old, new):
    """Put bytes in the place of others, which are there once."""
    data = path.read_bytes()
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new))


def test_a_filter_that_is_left_out_is_found(plan, tmp_path, bits):
    """The index of chunks has a mask of filters that a reader leaves out."""
    path = tmp_path / "run.h5"
    sweep(plan, path).close()
    whole = bits(path)
    _, size, corner = chunk_at(path, "spectral_radius", 4)
    known = struct.pack("<3Q", *corner)
    spoiled(
        path,
        struct.pack("<II", size, 0) + known,
        struct.pack("<II", size, 2) + known,
    )
    (damage,) = check_file(path)
    assert tuple(side.start for side in damage.where) == corner
    resume(path).close()
    assert bits(path) == whole


def test_a_changed_index_of_chunks_takes_no_good_chunk_with_it(plan, tmp_path, bits):
    path = tmp_path / "run.h5"
    sweep(plan, path).close()
    path.chmod(0o640)
    whole = bits(path)
    (start, _, corner), (other, *_) = chunks_at(path, "settling_time")[2:4]
    spoiled(path, struct.pack("<Q", start), struct.pack("<Q", other))
    (damage,) = check_file(path)
    assert (damage.quantity, damage.where[0].start) == ("settling_time", corner[0])
    resume(path).close()
    assert check_file(path) == []
    assert bits(path) == whole
    assert path.stat().st_mode & 0o777 == 0o640


def test_another_pipeline_of_filters_is_found(plan, tmp_path):
    path = tmp_path / "run.h5"
    sweep(plan, path).close()
    with h5py.File(path, "r") as file:
        place = file["regime"].id.get_create_plist().get_filter(0)
    assert place[0] == h5py.h5z.FILTER_SHUFFLE
    found = 0
    data = path.read_bytes()
    at = data.find(b"shuffle")
    while at >= 0:  # the parameter of shuffle behind its name, the size of a number
        flip(path, at + 8, 3)
        found += [one.quantity for one in check_file(path)] == [""]
        flip(path, at + 8, 3)
        at = data.find(b"shuffle", at + 1)
    assert found == len(plan.quantities)


def test_kept_shards_and_their_run_are_mended(plan, tmp_path, bits):
    path = tmp_path / "run.h5"
    sweep(plan, path, keep_shards=True).close()
    whole = bits(path)
    for damaged in (path, RunFolder(path).shard(1)):
        start, size, _ = chunk_at(damaged, "regime", 0)
        flip(damaged, start + size // 2)
        assert [one.path for one in check_file(path)] == [damaged]
        resume(path).close()
        assert check_file(path) == []
        assert bits(path) == whole


def test_what_another_program_has_open_is_not_called_damaged(
    plan, tmp_path, stop_after
):
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(6))
    held = (
        "import sys, h5py\nf = h5py.File(sys.argv[1], 'r+')\nprint(flush=True)\n"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", held, RunFolder(path).shard(0)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as other:
        other.stdout.readline()
        for do in (status, check_file, resume):
            with pytest.raises(FileError, match="another program has it open"):
                do(path)
        other.stdin.close()
    assert check_file(path) == []
    assert status(path).done == 6


def test_a_file_that_a_sweep_will_replace_is_not_verified(plan, tmp_path, stop_after):
    path = tmp_path / "run.h5"
    path.write_text("no run")
    sweep(plan, path, force=True, stop=stop_after(2))
    assert check_file(path) == []


def test_another_plan_is_not_mended(plan, tmp_path):
    path = tmp_path / "run.h5"
    sweep(plan, path).close()
    start, size, _ = chunk_at(path, "regime", 0)
    flip(path, start + size // 2)
    with pytest.raises(PlanChangedError, match=r"tol: 1e-06 → 0\.001"):
        resume(path, small.small_plan(tol=1e-3))
    assert len(check_file(path)) == 1


def add_notes(path, libver):
    """Add to a run what people add to their files."""
    with h5py.File(path, "r+", libver=libver) as file:
        file.attrs["note"] = "used in Fig. 2"
        file.attrs["empty"] = h5py.Empty("f8")
        for number in range(20):  # HDF5 stores many attributes in another way
            file["regime"].attrs[f"note {number}"] = [1.5, number]
        file["eps"].attrs["note"] = "a"
        file["mask"] = np.zeros(file["regime"].shape[1])
        file["mask"].dims[0].attach_scale(file[file.attrs["axes"][1]])
        file["mine/fit"] = [1, 2, 3]
        file["mine"].attrs["by"] = "me"


def notes(path):
    """Return what was added to a run."""
    with h5py.File(path, "r") as file:
        return (
            file.attrs["note"],
            file.attrs["empty"],
            {key: list(file["regime"].attrs[f"note {key}"]) for key in range(20)},
            file["eps"].attrs["note"],
            file["mask"].dims[0][0].name,
            list(file["mine/fit"]),
            file["mine"].attrs["by"],
        )


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_what_others_add_is_no_damage_and_is_kept(plan, tmp_path, bits, libver):
    path = tmp_path / "run.h5"
    sweep(plan, path).close()
    add_notes(path, libver)
    assert check_file(path) == []
    before, whole = notes(path), bits(path)
    start, size, _ = chunk_at(path, "settling_time", 3)
    flip(path, start + size // 2, 5)
    assert [one.quantity for one in check_file(path)] == ["settling_time"]
    resume(path).close()
    assert check_file(path) == []
    assert notes(path) == before
    assert bits(path) == whole
    # nor is it covered from then on
    with h5py.File(path, "r+", libver=libver) as file:
        file.attrs["note"] = "used in Fig. 3"
        del file["mine"]
    assert check_file(path) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.attrs.__setitem__("tol", 1e-3),
        lambda file: file["regime"].attrs.__setitem__("units", "m"),
        lambda file: file["eps"].__setitem__(0, 1e-9),
        lambda file: file.attrs.__delitem__("command_line"),
        lambda file: file["checksums"].attrs.__delitem__("described_names"),
        lambda file: file["checksums"].attrs.__setitem__("described_names", "{}"),
    ],
    ids=["attribute", "of a map", "axis", "attribute removed", "no list", "short list"],
)
def test_changes_of_what_critdamp_wrote_are_damage(plan, tmp_path, change):
    path = tmp_path / "run.h5"
    sweep(plan, path).close()
    with h5py.File(path, "r+") as file:
        change(file)
    assert [one.quantity for one in check_file(path)] == [""]


def test_a_note_in_a_shard_is_no_damage(plan, tmp_path, stop_after):
    path = tmp_path / "run.h5"
    sweep(plan, path, stop=stop_after(6))
    with h5py.File(RunFolder(path).shard(0), "r+") as file:
        file.attrs["note"] = "hot"
    assert check_file(path) == []
    assert status(path).done == 6
    resume(path).close()
