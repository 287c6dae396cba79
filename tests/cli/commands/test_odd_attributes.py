"""Attributes that others add or change: shown, or «damaged», in one line."""

import itertools
import json
import shutil

import effort
import h5py
import numpy as np
import pytest

import critdamp as cd
from critdamp.data.formats.provenance import plain_attributes
from critdamp.data.formats.spectrum_file import save_spectrum

# name → what it is in HDF5, its type there, and how it is shown
ODD = {
    "bytes": (np.bytes_(b"abc\xff"), None, "abc\\xff"),
    "opaque": (np.void(b"\0\1"), None, "\\x00\x01"),
    "complex": (1 + 2j, None, "(1+2j)"),
    "long": (np.longdouble(1) / 3, None, 1 / 3),
    "enum": (1, h5py.enum_dtype({"A": 1}), 1),
    "compound": (np.array((1, b"x"), dtype="i8,S3"), None, [1, "x"]),
    "empty": (h5py.Empty("f8"), None, None),
    "empty_text": (h5py.Empty(h5py.string_dtype()), None, None),
    "vlen": (
        np.array([np.arange(2), np.arange(1)], dtype=object),
        h5py.vlen_dtype(int),
        [[0, 1], [0]],
    ),
    "large": (np.zeros(8000), None, [0.0] * 8000),
    "not_utf8": (b"\xff", h5py.string_dtype(), "\\udcff"),
    "texts": (["a", "ü"], h5py.string_dtype(), ["a", "ü"]),
    "u64": (np.uint64(2**64 - 1), None, 2**64 - 1),
    "nan": (np.array([np.nan, 1]), None, ["nan", 1.0]),
}
REFERENCES = {
    "reference": "<HDF5 object reference>",
    "region": "<HDF5 region reference>",
}
COMMANDS = (
    ("inspect",),
    ("inspect", "--json"),
    ("export", "-o", "out.nc", "--force"),
    ("export", "-o", "out.csv", "--force"),
    ("status",),
)


@pytest.fixture
def files(tmp_path):
    """Return the names of a run, a spectrum and a trajectory."""
    spectrum = cd.Spectrum([0.5, 1.0], name="two")
    save_spectrum(spectrum, tmp_path / "spectrum.h5", {"made_steps": 1})
    plan = cd.Plan(eps=[0.1, 0.2], p=[0.5], spectrum=spectrum, quantities="rate")
    cd.sweep(plan, tmp_path / "run.h5").close()
    return tmp_path


def add(path, name):
    """Add an odd attribute to the root of a file, and to its first dataset."""
    with h5py.File(path, "r+") as file:
        table = next(d for d in file.values() if d.ndim and "plan" not in d.name)
        for item in (file, table):
            if name == "reference":
                item.attrs.create("odd", file.ref, dtype=h5py.ref_dtype)
            elif name == "region":
                region = table.regionref[:1]
                item.attrs.create("odd", region, dtype=h5py.regionref_dtype)
            else:
                value, dtype, _ = ODD[name]
                item.attrs.create("odd", value, dtype=dtype)


@pytest.mark.parametrize("name", [*ODD, *REFERENCES])
def test_what_others_add_is_shown(critdamp, files, name):
    expected = REFERENCES[name] if name in REFERENCES else ODD[name][2]
    for kind in ("run", "spectrum"):
        shutil.copy(files / f"{kind}.h5", files / "odd.h5")
        add(files / "odd.h5", name)
        for command, *rest in COMMANDS[: 4 + (kind == "run")]:
            result = critdamp(command, "odd.h5", *rest)
            assert result.code == 0, (command, result.err)
        shown = json.loads(critdamp("inspect", "odd.h5", "--json").out)
        assert shown["provenance"]["odd"] == expected
        with h5py.File(files / "out.nc") as exported:
            json.dumps(plain_attributes(exported))


def test_changed_attributes_are_damage_in_one_line(critdamp, files):
    """Each attribute that a reader may use, and each kind of value in its place."""
    odd = itertools.cycle(ODD) if effort.number("ODD", 1, 20) == 1 else None
    refused = 0
    for kind in ("run", "spectrum"):
        with h5py.File(files / f"{kind}.h5") as file:
            places = [
                (item.name, name)
                for item in (file, *file.values())
                for name in item.attrs
            ]
        for place, name in places:
            for one in [next(odd)] if odd else ODD:
                shutil.copy(files / f"{kind}.h5", files / "odd.h5")
                with h5py.File(files / "odd.h5", "r+") as file:
                    value, dtype, _ = ODD[one]
                    del file[place].attrs[name]
                    file[place].attrs.create(name, value, dtype=dtype)
                for command, *rest in COMMANDS[: 4 + (kind == "run")]:
                    result = critdamp(command, "odd.h5", *rest)
                    what = (place, name, one, command, result.err)
                    assert result.code in (0, 1), what
                    assert result.code == 0 or result.err.count("\n") == 1, what
                    refused += result.code
    assert refused


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("best_value", "text"),
        ("best_index", "text"),
        ("best_index", [0, -1]),
        ("best_index", [0, 7]),
        ("best_index", [0]),
        ("actual_range", "ab"),
        ("actual_range", [1.0, 2.0, 3.0]),
        ("share_diverging", "text"),
    ],
)
def test_statistics_that_are_none_are_damage(critdamp, files, name, value):
    with h5py.File(files / "run.h5", "r+") as file:
        file["rate"].attrs[name] = value
    for rest in ([], ["--json"]):
        result = critdamp("inspect", "run.h5", *rest)
        assert result.code == 1
        assert result.err.startswith("Error: run.h5: damaged: ")
        assert result.err.count("\n") == 1
