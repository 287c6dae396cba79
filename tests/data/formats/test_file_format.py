"""The document of the file format is true: tables against files, both ways."""

import hashlib
import json
import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from critdamp.cli.program import group
from critdamp.data import bundled
from critdamp.data.shards.folder import RunFolder
from critdamp.data.sweeps.sweep import sweep
from critdamp.engine.maps.plan import Plan
from critdamp.engine.spectra.spectrum import Spectrum

DOCUMENT = Path(__file__).parents[3] / "docs" / "file-format.md"
OF_SCALES = {"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST"}
EPS_P = ("--eps", "log:1e-6:1e-4:5", "--p", "lin:0:0.9:3")


def run(*arguments):
    """Run a command line in this process."""
    group.main([*map(str, arguments), "--quiet"], "critdamp", standalone_mode=False)


def runs(_plan):
    names = [f"--quantity={name}" for name in ("spectral_radius", "regime")]
    run("sweep", *EPS_P, "--k", "1,2", *names, "-o", "a.h5", "--dtype", "float32")
    run("sweep", *EPS_P, "--k", "1e9,2e9", *names[:1], "-o", "b.h5")
    whole = [f"--quantity={name}" for name in ("rate", "loss_after:9")]
    np.savetxt("k.csv", [1.0, 2.0])
    run("spectrum", "k.csv", "-o", "s.h5")
    run("sweep", *EPS_P, "--spectrum", "s.h5", *whole, "-o", "c.h5")
    return ["a.h5", "b.h5", "c.h5"]


def live_views(plan):
    spectrum = Spectrum([0.0, 1.0, 2.0], name="three")
    other = Plan(quantities=["rate"], eps=[0.1], p=[0.5], spectrum=spectrum)
    assert sweep(plan, "0.h5", stop=lambda: True) is None
    sweep(other, "1.h5", keep_shards=True).close()
    return [RunFolder(Path(f"{number}.h5")).live for number in range(2)]


def spectra(_plan):
    np.savetxt("k.csv", [0.0, 1.0, 2.0])
    run("spectrum", "k.csv", "-o", "a.h5")
    run("spectrum", "k.csv", "--zero-tolerance", "0.1", "-o", "b.h5")
    np.savetxt("n.csv", [-1.0, 1.0])
    run("spectrum", "n.csv", "--negative", "drop", "-o", "c.h5")
    return [
        "a.h5",
        "b.h5",
        "c.h5",
        *Path(bundled.__file__).parent.glob("*.h5"),
    ]


def trajectories(_plan):
    np.savetxt("k.csv", [1.0, 2.0])
    run("spectrum", "k.csv", "-o", "s.h5")
    steps = ("integrate", "s.h5", "--steps", "4")
    run(*steps, "--eps", "cyclic:0.1,0.2", "--p", "0,0,1,0", "--modes", "-o", "a.h5")
    run(*steps, "--eps", "0.1", "-o", "b.h5")
    run("integrate", "s.h5", "--continuous", "--times", "0,1", "-o", "c.h5")
    return ["a.h5", "b.h5", "c.h5"]


MAKERS = {
    "Run": runs,
    "Live view": live_views,
    "Spectrum": spectra,
    "Trajectory": trajectories,
}


def documented(kind):
    """Return the rows of a kind, by «dataset», «dataset @attribute», « @attribute»."""
    text = DOCUMENT.read_text(encoding="utf-8")
    section = re.search(rf"^## {kind}\n(.*?)^## ", text, re.M | re.S)[1]
    found = {}
    for table in re.findall(r"(?:^\|.*\n)+", section, re.M):
        lines = table.replace(r"\|", "").splitlines()
        head, _, *rows = [
            [cell.strip().strip("`") for cell in line.split("|")[1:-1]]
            for line in lines
        ]
        for row in rows:
            known = dict(zip(head, row, strict=True))
            name = known.get("dataset") or known.get("of") or ""
            attribute = known.get("attribute") or known.get("root attribute")
            name = f"{name} @{attribute}" if attribute else name
            assert name not in found
            found[name] = known
    return found


def type_of(dtype, shape):
    """Return how the document calls a type."""
    if h5py.check_string_dtype(dtype) is None:
        return dtype.name
    return "texts" if shape else "text"


def found_in(path):
    """Yield the same names of a file → its type, and the type of the dataset."""
    with h5py.File(path, "r") as file:
        maps = [file.attrs.get("signal"), *file.attrs.get("auxiliary_signals", ())]
        words = dict.fromkeys(maps, "QUANTITY")
        words |= dict.fromkeys(file.attrs.get("axes", ()), "AXIS")
        items = [("", file)]
        file.visititems(lambda name, item: items.append((name, item)))
        for name, item in items:
            if file.attrs["format"] == "critdamp-run":
                name = "/".join(words.get(part, part) for part in name.split("/"))
            own = None
            if isinstance(item, h5py.Dataset):
                own = type_of(item.dtype, item.shape)
                yield name, own, own
            for key in set(item.attrs) - OF_SCALES:
                stored = item.attrs.get_id(key)
                key = re.sub("^made_.*", "made_OPTION", key)
                yield f"{name} @{key}", type_of(stored.dtype, stored.shape), own


@pytest.mark.parametrize("kind", MAKERS)
def test_tables_name_what_is_there_and_nothing_else(kind, plan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows, seen = documented(kind), set()
    always = {name for name, row in rows.items() if row["when"].startswith("always")}
    for path in MAKERS[kind](plan):
        found = list(found_in(path))
        names = {name for name, _, _ in found}
        assert names <= set(rows)
        assert always <= names
        for name, known, own in found:
            allowed = rows[name]["type"].split(", ")
            assert known in allowed or (known == own and "own" in allowed), name
        seen |= names
    assert seen == set(rows)


@pytest.mark.parametrize("kind", MAKERS)
def test_dimensions_are_those_of_the_tables(kind, plan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = documented(kind)
    for path in MAKERS[kind](plan):
        with h5py.File(path, "r") as file:
            for name in set(file) & set(rows):
                said, data = rows[name]["dimensions"], file[name]
                sides = [side[0].name.lstrip("/") for side in data.dims if len(side)]
                if said == "itself":
                    assert data.is_scale
                else:
                    assert ", ".join(sides) in said.split(", or ") or "each" in said
            for name in [file.attrs.get("signal")] * (kind in ("Run", "Live view")):
                sides = [side[0].name.lstrip("/") for side in file[name].dims]
                assert sides == list(file.attrs["axes"])


def test_plan_is_the_json_of_its_hash(plan, tmp_path):
    with sweep(plan, tmp_path / "run.h5") as run:
        text = run["spectral_radius"].file["plan"][()]
        assert hashlib.sha256(text).hexdigest() == run.attributes["plan_sha256"]
    known = json.loads(text)
    names = ["axes", "dtype", "method", "quantities", "spectrum", "tol"]
    assert list(known) == names
    assert list(known["axes"]["eps"]) == ["scale", "values"]
