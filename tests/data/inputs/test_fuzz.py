"""Hostile input: whatever the bytes, a result or one clear line, soon and in bounds.

CRITDAMP_TEST_FUZZ is how many times more inputs than by default are tried.
"""

import gzip
import io
import json
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import effort
import h5py
import hostile
import numpy as np
import pytest
import scipy.sparse as sp
import seeds
from hypothesis import HealthCheck, given, settings, strategies as st
from seeds import DENSE, HDF5_KINDS, SPARSE, TEXT_KINDS, TEXTS

from critdamp.cli.arguments.plans import KEYS
from critdamp.data.exports.columns import open_columns
from critdamp.data.formats.run_file import open_run
from critdamp.data.formats.spectrum_file import load_spectrum
from critdamp.data.inputs.axis_syntax import read_axis
from critdamp.data.inputs.matrix_files import read_matrix, read_vector
from critdamp.data.inputs.read_spectrum import read_spectrum
from critdamp.data.inputs.schedule_syntax import read_schedule
from critdamp.data.sweeps.check import check_file
from critdamp.engine.errors import CritdampError, FileError, InputError

pytestmark = pytest.mark.fuzz

TIMES = effort.number("FUZZ", 1, 1)


class Child:
    """A process that reads hostile files, begun anew when one was its end."""

    def __init__(self, base):
        self.base, self.process, self.asked, self.inside = base, None, 0, 0

    def __call__(self, kind, data):
        """Return what is wrong with the answer to bytes, or nothing."""
        self.asked += 1
        if self.process is None:
            command = [sys.executable, hostile.__file__, str(self.base)]
            with (self.base / "log").open("w") as log:
                pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
                self.process = subprocess.Popen(command, text=True, stderr=log, **pipes)
        print(json.dumps([kind, data.hex()]), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.close()
        said = (self.base / "log").read_text()
        inside = bool(hostile.LIBHDF5.search(said))
        self.inside += inside
        return "" if inside else said or "killed"

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def edited(data, edits):
    """Return bytes after edits, whose places are shares of the length."""
    for what, at, other, piece in edits:
        i, j = int(at * len(data)), int(other * len(data))
        if what == "put":
            data = data[:i] + piece + data[i + len(piece) :]
        elif what == "insert":
            data = data[:i] + piece + data[i:]
        elif what == "flip" and data:
            data = data[:i] + bytes([data[i] ^ (1 << int(other * 8))]) + data[i + 1 :]
        elif what == "cut":
            data = data[:i]
        elif what == "zero":
            n = min(len(data) - i, int(other * 64))
            data = data[:i] + bytes(n) + data[i + n :]
        elif what == "splice":
            data = data[:i] + data[j : j + 40] + data[i:]
        elif what == "drop":
            data = data[:i] + data[i + int(other * 16) :]
    return data


WHATS = ("put", "insert", "flip", "cut", "zero", "splice", "drop")
PIECES = (
    b"\xff", b"\xff" * 4, b"\xff" * 8, b"\0\0\0\x7f", b"\x7f" * 8, b"\x80" + bytes(7),
    b"9" * 9, b"9" * 25, b"a" * 300, b"nan", b"inf", b"1e999", b"1e308", b"complex",
    b"<U9", b"O", b"\0", b"\1", b"\n", b"\xc3",
    *(bytes([c]) for c in b"-,:@[{\"'0/# ()|"),
)  # fmt: skip


ALWAYS = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}
SHARES = st.floats(0, 1, exclude_max=True)
EDITS = st.lists(
    st.tuples(st.sampled_from(WHATS), SHARES, SHARES, st.sampled_from(PIECES)),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    base = tmp_path_factory.mktemp("fuzz")
    seeds.begun(base / "begun.h5")
    made = Child(base)
    yield made
    made.close()


@pytest.fixture
def child(process, counts):
    asked, inside = process.asked, process.inside
    yield process
    counts("fuzzed inputs", process.asked - asked)
    counts("fuzzed inputs that hung or ended libhdf5", process.inside - inside)


@pytest.mark.parametrize("kind", [*TEXT_KINDS, *HDF5_KINDS])
def test_edited_files(child, kind):
    """A valid file with bits flipped, bytes zeroed, cut off, moved or put in."""
    few = kind in HDF5_KINDS

    @settings(max_examples=(40 if few else 60) * TIMES, **ALWAYS)
    @given(st.integers(0, len(seeds.of(kind)) - 1), EDITS)
    def check(seed, edits):
        assert not child(kind, edited(seeds.of(kind)[seed], edits))

    check()


@pytest.mark.parametrize("kind", [*TEXT_KINDS, *HDF5_KINDS])
def test_any_bytes(child, kind):
    @settings(max_examples=20 * TIMES, **ALWAYS)
    @given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
    def check(data):
        assert not child(kind, data)

    check()


WORDS = st.sampled_from(
    [b.decode() for b in TEXTS["axis"]]
    + ["heavy_ball", "qhm", "rate", "regime", "float32", "digits-softmax", "", "@"]
)
VALUES = st.recursive(
    st.integers() | st.floats() | st.booleans() | WORDS | st.text(max_size=9)
    | st.dates() | st.sampled_from([10**400, -(2**63), 5e-324, 1e308]),
    lambda some: st.lists(some, max_size=4) | st.dictionaries(WORDS, some, max_size=3),
    max_leaves=6,
)  # fmt: skip


def as_toml(value):
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, dict):
        pairs = (f"{as_toml(key)} = {as_toml(one)}" for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    return json.dumps(value) if isinstance(value, str | bool) else str(value)


def test_plans_of_any_values(child):
    @settings(max_examples=150 * TIMES, **ALWAYS)
    @given(st.dictionaries(st.sampled_from([*KEYS, "x"]), VALUES, max_size=6))
    def check(values):
        usual = {"eps": 0.1, "p": 0.5, **({} if "spectrum" in values else {"k": 1})}
        lines = (f"{key} = {as_toml(v)}" for key, v in {**usual, **values}.items())
        assert not child("plan", "\n".join(lines).encode())

    check()


# what stands where something else is expected; the dataset is of more than a TB
ODD = (
    None, float("nan"), -1, 2**63, "x", b"\xff", "a" * 4000, "{", "[" * 9999, True, 1j,
    np.zeros(0), np.zeros((1, 2)), np.zeros((2, 2, 2)), [np.inf], [1e308] * 3, ["x"],
    h5py.Empty("f8"), np.zeros(2, "i4,f8"), h5py.h5r.Reference(),
)  # fmt: skip


def altered(data, place, odd, huge):
    """Return a run or spectrum file in which an attribute or a dataset is odd."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.h5"
        path.write_bytes(data)
        with h5py.File(path, "r+") as file:
            places = [(file, name) for name in file]
            places += [(file.attrs, name) for name in file.attrs]
            for item in file.values():
                places += [(item.attrs, name) for name in item.attrs]
            where, name = places[int(place * len(places))]
            if huge and where is file:
                del file[name]
                file.create_dataset(name, (2**20, 2**20), "f8", chunks=(2**9, 2**9))
            else:
                del where[name]
                if odd is not None:
                    where[name] = odd
        return path.read_bytes()


SEED = st.integers(0, 1)


@pytest.mark.parametrize("kind", ["run", "spectrum"])
def test_files_with_something_odd(child, kind):
    @settings(max_examples=30 * TIMES, **ALWAYS)
    @given(SEED, SHARES, st.integers(0, len(ODD) - 1), st.booleans())
    def check(seed, place, odd, huge):
        data = seeds.of(kind)[seed]
        assert not child(kind, altered(data, place, ODD[odd], huge))

    check()


def test_plans_in_runs_with_something_odd(child):
    """The plan is JSON; each value of it may be another."""

    def odd_json(value, edits):
        for share, new in edits:
            at = value
            while isinstance(at, dict | list) and at:
                keys = list(at) if isinstance(at, dict) else range(len(at))
                key = keys[int(share * len(at))]
                if not isinstance(at[key], dict | list) or share < 0.3:
                    at[key] = new
                    break
                at, share = at[key], share * 7 % 1
        return json.dumps(value)

    @settings(max_examples=60 * TIMES, **ALWAYS)
    @given(
        SEED,
        st.lists(st.tuples(SHARES, VALUES.filter(is_json)), min_size=1, max_size=3),
    )
    def check(seed, edits):
        data = seeds.of("run")[seed]
        with h5py.File(io.BytesIO(data), "r") as file:
            plan = json.loads(file["plan"].asstr()[()])
        assert not child("run", altered_plan(data, odd_json(plan, edits)))

    check()


def is_json(value):
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True


def altered_plan(data, text):
    buffer = io.BytesIO(data)
    with h5py.File(buffer, "r+") as file:
        file["plan"].write_direct(np.array(text.encode(), dtype="O"))
    return buffer.getvalue()


# ------------------------------------------------------------- what once went wrong

MTX = b"%%MatrixMarket matrix "
LIST, CUT = (
    MTX + b"coordinate real general\n",
    MTX + b"array real symmetric\n3 3\n2\n-1\n",
)
NPY = b"\x93NUMPY\1\0"
FOUND = {
    "cut": (".mtx", CUT, "2 of 6 lines of entries"),
    "nul": (".mtx", CUT + b"0\n2\n-9\0\0", "which is not a number"),
    "tall": (".mtx", LIST + b"3 9999999993 1\n1 1 2\n", "cannot hold"),
    "wide": (".mtx", LIST + b"99999 2 1\n1 1 2\n", "a Hessian is square"),
    "header": (".npy", NPY + b"\x0b\0{'descr':(\n", "cannot be read"),
    "empty": (".mat", b"", "cannot be read"),
    "vax": (".mat", b"\xd0\7\0\0" + bytes(16), "the matrix is empty"),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_crashed_or_was_not_caught(child, tmp_path, name):
    kind, data, said = FOUND[name]
    assert not child(kind, data)
    (tmp_path / f"m{kind}").write_bytes(data)
    with pytest.raises(InputError, match=said):
        read_spectrum(tmp_path / f"m{kind}")


def test_mat_files_with_a_type_that_is_none(child):
    """SciPy's reader follows it out of a table."""
    for data in seeds.of(".mat")[:2]:
        for at in range(128, len(data) - 8, 8):
            assert not child(".mat", data[:at] + bytes(4) + data[at + 4 :])


@pytest.mark.parametrize("form", ["csr", "csc", "bsr"])
def test_indices_outside_a_sparse_matrix(tmp_path, form):
    """SciPy would read and write memory that is not its own."""
    matrix = SPARSE.copy().asformat(form)
    matrix.indices[-1] = 10**6
    sp.save_npz(tmp_path / "m.npz", matrix)
    with pytest.raises(InputError, match="cannot be read"):
        read_spectrum(tmp_path / "m.npz")


def test_small_files_of_large_matrices(child, tmp_path):
    """What is there decides what may be claimed."""
    claims = MTX + b"coordinate real general\n99999 99999 1\n1 1 2\n"
    bomb = gzip.compress(b"1\n" * 10**7)
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.create_dataset("h", (2**20, 2**20), "f8", chunks=(2**10, 2**10))
    for kind, data in {
        ".mtx": claims,
        ".csv.gz": bomb,
        ".h5": (tmp_path / "m.h5").read_bytes(),
        ".npy": NPY
        + b"\x76\0"
        + b"{'descr':'<f8','fortran_order':False,'shape':(9999999,9999)}".ljust(117)
        + b"\n",
    }.items():
        assert not child(kind, data)


@pytest.mark.parametrize(
    "text",
    [
        "@" + "a" * 5000 + ".npy",
        "@" + "a" * 5000,
        "@\0.npy",
        "@\0",
        "@\ud800.npy",
        "@a.npy:" * 99,
    ],
)
def test_names_that_no_file_has(tmp_path, text):
    for read in (
        lambda: read_axis(text, folder=tmp_path, spectra=True),
        lambda: read_schedule(text, 3, tmp_path),
        lambda: read_spectrum(text[1:]),
        lambda: load_spectrum(text[1:]),
        lambda: open_run(text[1:]),
    ):
        with pytest.raises(CritdampError):
            read()


@pytest.mark.parametrize(
    "text",
    ["eps = 1" + "0" * 5000, "eps = 1" + "0" * 400, "x." + "a." * 99999 + "a = 1"]
    + [f"{key}.{'a.' * 5000}a = 1" for key in KEYS]
    + [f"{key} = {('{' + 'a.' * 40 + 'a=') * 99}1{'}' * 99}" for key in KEYS],
)
def test_plans_of_too_much(child, tmp_path, text):
    """Digits that int refuses, keys that take tomllib minutes, too deep tables."""
    assert not child("plan", text.encode())


class Trap:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_nothing_is_unpickled(tmp_path):
    """Neither in arrays of objects, nor where a .npy is a pickle altogether."""
    sprung = tmp_path / "sprung"
    objects = np.array([Trap(sprung)], dtype=object)
    np.save(tmp_path / "o.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "o.npz", k=objects, h=DENSE)
    np.savez(tmp_path / "s.npz", format=objects, shape=objects, data=objects)
    (tmp_path / "p.npy").write_bytes(pickle.dumps(Trap(sprung)))
    with h5py.File(tmp_path / "v.mat", "w", userblock_size=512) as file:
        file["h"] = np.void(pickle.dumps(Trap(sprung)))
        file["k"] = pickle.dumps(Trap(sprung), 0).decode()
    for name in ("o.npy", "o.npz", "o.npz:k", "s.npz", "p.npy", "v.mat", "v.mat:k"):
        for read in (read_spectrum, read_vector):
            with pytest.raises(InputError):
                read(f"{tmp_path}/{name}")
    for name in ("o.npy", "p.npy"):
        with pytest.raises(InputError, match=r"cannot be read as \.npy"):
            read_axis(f"@{tmp_path}/{name}")
    assert not sprung.exists()
    pickle.loads((tmp_path / "p.npy").read_bytes())
    assert sprung.exists()  # the trap works


@pytest.fixture
def a_run(tmp_path):
    """Return what writes a run file, and opens it for changes."""

    def make(name):
        path = tmp_path / name
        path.write_bytes(seeds.of("run")[0])
        return path, h5py.File(path, "r+")

    return make


def _external_link(file, fifo):
    file["k"] = h5py.ExternalLink(str(fifo), "/k")


def _soft_link(file, fifo):
    file.create_group("there")["k"] = h5py.ExternalLink(str(fifo), "/k")
    file["k"] = h5py.SoftLink("/there/k")


def _external_file(file, fifo):
    file.create_dataset("k", (3,), "f8", external=[(str(fifo), 0, 24)])


def _virtual(file, fifo):
    layout = h5py.VirtualLayout((3,), "f8")
    layout[:] = h5py.VirtualSource(str(fifo), "k", (3,))
    file.create_virtual_dataset("k", layout)


@pytest.mark.parametrize("make", [_external_link, _soft_link, _external_file, _virtual])
def test_values_in_other_files_are_not_followed(child, a_run, tmp_path, make):
    """Nobody writes into the fifo: a reader would wait for ever."""
    os.mkfifo(tmp_path / "fifo")
    path, file = a_run("run.h5")
    with file:
        del file["k"]
        make(file, tmp_path / "fifo")
    assert not child("run", path.read_bytes())
    with pytest.raises(FileError, match=r"other files|another file"):
        open_run(path)


def test_a_fifo_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for read in (open_run, load_spectrum, check_file, read_spectrum, read_matrix):
        with pytest.raises(CritdampError):
            read(tmp_path / "fifo")
    with pytest.raises(CritdampError), open_columns(tmp_path / "fifo"):
        pass
