"""Exports hold the numbers of their sources, and are there whole or not at all."""

import csv
import shutil
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import small
import xarray

import critdamp as cd
from critdamp.cli.program import group
from critdamp.data.exports.columns import pieces
from critdamp.data.exports.export import FORMATS, export
from critdamp.data.shards.folder import RunFolder
from critdamp.data.storage import atomic_files as files
from critdamp.data.sweeps.sweep import sweep
from critdamp.engine.errors import (
    CritdampError,
    FileError,
    InputError,
    OutputExistsError,
)

WITNESS = Path(__file__).parents[1] / "formats" / "witness"


def read_csv(path):
    with path.open(encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    return dict(zip(head, np.array(rows, dtype=np.float64).T, strict=True))


def read_npz(path):
    with np.load(path) as arrays:
        assert not {arrays[name].dtype for name in arrays} & {np.dtype(object)}
        return dict(arrays)


def read_netcdf(path):
    with xarray.open_dataset(path, mask_and_scale=False) as found:
        return {str(name): found[name].values for name in found.variables}


def read_parquet(path):
    parquet = pytest.importorskip("pyarrow.parquet")
    found = parquet.read_table(path)
    return {name: found[name].to_numpy() for name in found.column_names}


READERS = {
    ".csv": read_csv,
    ".npz": read_npz,
    ".nc": read_netcdf,
    ".parquet": read_parquet,
}


@pytest.fixture(params=FORMATS)
def exported(request, tmp_path, monkeypatch):
    """Return what exports in one of the formats, in many pieces, and reads that."""
    monkeypatch.setattr("critdamp.data.exports.columns._POINTS", 100)
    monkeypatch.setattr("critdamp.data.exports.tables._LINES", 7)
    if request.param == ".parquet":
        pytest.importorskip("pyarrow")

    def make(source, *names):
        target = tmp_path / f"out{request.param}"
        points = export(source, target, names)
        return points, READERS[request.param](target)

    return make


def check(source, axes, names, found, points):
    """Compare an export with the datasets of its source, to the bit."""
    with h5py.File(source, "r") as file:
        sides = [file[axis][()] for axis in axes]
        shape = tuple(side.size for side in sides)
        assert points == np.prod(shape)
        long = np.meshgrid(*sides, indexing="ij")
        for axis, side, column in zip(axes, sides, long, strict=True):
            if axis != "mode":
                expected = column if found[axis].size == points > side.size else side
                np.testing.assert_array_equal(found[axis], expected.ravel())
        for name in names:
            expected = file[name][()]
            assert found[name].shape in (shape, (points,))
            got = found[name].reshape(shape).astype(expected.dtype)
            assert got.tobytes() == expected.tobytes()
    assert set(found) - {"mode"} == {*axes, *names} - {"mode"}


def test_run(exported, plan, tmp_path):
    source = tmp_path / "run.h5"
    sweep(plan, source).close()
    names = [quantity.name for quantity in plan.quantities]
    points, found = exported(source)
    check(source, plan.axes, names, found, points)
    assert np.isinf(found["settling_time"]).any()


def test_one_quantity_of_a_live_view(exported, plan, tmp_path):
    assert sweep(plan, tmp_path / "run.h5", stop=lambda: True) is None
    live = RunFolder(tmp_path / "run.h5").live
    for name, missing in (("spectral_radius", np.nan), ("regime", -128)):
        points, found = exported(live, name)
        check(live, plan.axes, [name], found, points)
        where = np.isclose(found[name], missing, equal_nan=True)
        assert 0 < where.sum() < points


@pytest.mark.parametrize(
    ("name", "axes", "names"),
    [
        ("run", ["k", "eps", "p"], ["spectral_radius", "regime"]),
        ("map", ["eps", "p"], ["rate", "loss_settling_time"]),
        ("spectrum", ["mode"], ["k", "weights", "displacement", "residuals"]),
        ("trajectory", ["t"], ["loss", "distance"]),
    ],
)
def test_each_kind_of_file(exported, name, axes, names):
    points, found = exported(WITNESS / f"{name}.h5")
    check(WITNESS / f"{name}.h5", axes, names, found, points)


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
def test_netcdf_keeps_what_people_read(tmp_path, engine):
    export(WITNESS / "run.h5", tmp_path / "a.nc", ["regime"])
    with xarray.open_dataset(tmp_path / "a.nc", engine=engine) as found:
        assert found["regime"].dims == ("k", "eps", "p")
        assert found["regime"].attrs["flag_meanings"].startswith("divergent")
        assert found["eps"].attrs["long_name"] == "learning rate"
        assert found.attrs["signal"] == "regime"
        assert found.attrs["command_line"].startswith("critdamp sweep")
    with pytest.raises(FileError, match="not a run"):
        cd.open_run(tmp_path / "a.nc")


@pytest.mark.parametrize("shape", [(5,), (7, 11), (3, 4, 50), (1, 1, 9), (2, 3, 4, 5)])
@pytest.mark.parametrize("most", [1, 10, 64, 10**6])
def test_pieces_follow_each_other(shape, most):
    whole = np.arange(np.prod(shape)).reshape(shape)
    parts = [whole[where].ravel() for where in pieces(shape, (2,) * len(shape), most)]
    np.testing.assert_array_equal(np.concatenate(parts), whole.ravel())
    assert max(part.size for part in parts) <= most


def command(*arguments):
    group.main(["export", *map(str, arguments)], "critdamp", standalone_mode=False)


def test_command_line(tmp_path, capsys):
    source, target = WITNESS / "run.h5", tmp_path / "run.csv"
    command(source, "-o", target)
    assert "run.csv: 24 points" in capsys.readouterr().err
    with pytest.raises(OutputExistsError, match="--force"):
        command(source, "-o", target)
    command(source, "-o", target, "--force", "--quiet", "--quantity", "regime")
    assert capsys.readouterr() == ("", "")
    lines = target.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "k,eps,p,regime"
    assert lines[1] == "0.10000000000000001,0.10000000000000001,0,1"
    assert len(lines) == 25


def test_what_cannot_be_exported(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"\.csv, \.npz, \.nc, \.parquet"):
        export(WITNESS / "run.h5", tmp_path / "run.xlsx")
    with pytest.raises(InputError, match="choose from spectral_radius, regime"):
        export(WITNESS / "run.h5", tmp_path / "run.csv", ["rate"])
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(FileError, match="not a run or a spectrum or a trajectory"):
        export(tmp_path / "other.h5", tmp_path / "run.csv")
    with pytest.raises(FileError, match="no such file"):
        export(tmp_path / "none.h5", tmp_path / "run.csv")
    shutil.copy(WITNESS / "map.h5", tmp_path / "other.h5")
    with h5py.File(tmp_path / "other.h5", "r+") as file:
        file.attrs["axes"] = ["p", "eps"]
    with pytest.raises(FileError, match=r"other\.h5: damaged: .* differ in shape"):
        export(tmp_path / "other.h5", tmp_path / "run.csv")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CritdampError, match=r"pip install 'critdamp\[parquet\]'"):
        export(WITNESS / "run.h5", tmp_path / "run.parquet")
    assert [found.name for found in tmp_path.iterdir()] == ["other.h5"]


@pytest.mark.parametrize("ending", [".csv", ".npz", ".nc"])
def test_disk_that_is_full_leaves_what_was_there(tmp_path, monkeypatch, ending):
    def full(*_):
        raise OSError(28, "No space left on device")

    target = tmp_path / f"run{ending}"
    target.write_text("before")
    monkeypatch.setattr("critdamp.data.storage.atomic_files.to_disk", full)
    with pytest.raises(FileError, match="disk is full"):
        export(WITNESS / "run.h5", target)
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_damaged_source_is_named(plan, tmp_path):
    source, target = tmp_path / "run.h5", tmp_path / "run.csv"
    sweep(plan, source).close()
    small.spoil(source, 3)
    with pytest.raises(FileError, match=r"run\.h5: damaged"):
        export(source, target)
    assert not target.exists()


def test_a_run_is_not_replaced_by_its_export(tmp_path):
    shutil.copy(WITNESS / "run.h5", tmp_path / "run.nc")
    (tmp_path / "link.nc").symlink_to(tmp_path / "run.nc")
    for target in ("run.nc", "link.nc"):
        with pytest.raises(InputError, match="is the source"):
            export(tmp_path / "run.nc", tmp_path / target)
    cd.open_run(tmp_path / "run.nc").close()


def test_a_link_stands_for_its_file(tmp_path):
    (tmp_path / "link.csv").symlink_to(tmp_path / "run.csv")
    export(WITNESS / "run.h5", tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "run.csv").stat().st_size > 0


def test_two_exports_to_one_file_take_no_notice_of_each_other(tmp_path, monkeypatch):
    """Each writes under a name of its own; the last one is there, whole."""
    target, other = tmp_path / "run.csv", tmp_path / "other.csv"
    (tmp_path / "run.csv.tmp").write_text("precious")
    export(WITNESS / "run.h5", other, ["regime"])
    publish = files.publish

    def between(temporary, path, *given):
        monkeypatch.undo()
        export(WITNESS / "run.h5", path, ["regime"])
        assert target.read_bytes() == other.read_bytes()
        publish(temporary, path, *given)

    monkeypatch.setattr(files, "publish", between)
    export(WITNESS / "run.h5", target)
    assert target.read_text().startswith("k,eps,p,spectral_radius,regime\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "other.csv", "run.csv", "run.csv.tmp"
    ]  # fmt: skip


@pytest.mark.parametrize("ending", [".csv", ".npz", ".nc"])
def test_size_and_progress_are_told(plan, tmp_path, monkeypatch, ending):
    monkeypatch.setattr("critdamp.data.exports.columns._POINTS", 500)
    sweep(plan, tmp_path / "run.h5").close()
    target, sizes, seen = tmp_path / f"run{ending}", [], []
    points = export(
        tmp_path / "run.h5",
        target,
        report=lambda *now: sizes.append(now),
        progress=lambda *now: seen.append(now),
    )
    ((said, size),) = sizes
    assert said == points == plan.grid.size
    # the index of many small chunks is not counted
    metadata = 50_000 if ending == ".nc" else 3_000
    assert size == pytest.approx(target.stat().st_size, rel=0.02, abs=metadata)
    assert seen == sorted(seen)
    assert seen[-1] == (points, points)
    assert len(seen) > 3 or ending == ".nc"


def appear_before(function, path):
    """Return a twin of a function of the system before which a file appears."""

    def called(*arguments, **options):
        path.write_text("of another program")
        return function(*arguments, **options)

    return called


@pytest.mark.parametrize(
    "write",
    [
        lambda path: export(WITNESS / "run.h5", path.with_suffix(".csv"), force=False),
        lambda path: export(WITNESS / "run.h5", path.with_suffix(".nc"), force=False),
        lambda path: cd.save_spectrum(cd.Spectrum([1.0]), path, force=False),
    ],
    ids=["csv", "nc", "spectrum"],
)
def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path, monkeypatch, write):
    for suffix in (".h5", ".csv", ".nc"):
        appeared = tmp_path / f"out{suffix}"
        monkeypatch.setattr(files.os, "link", appear_before(files.os.link, appeared))
    with pytest.raises(OutputExistsError, match="appeared there meanwhile; force=True"):
        write(tmp_path / "out.h5")
    assert {p.read_text() for p in tmp_path.iterdir()} == {"of another program"}


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".nc"])
def test_a_name_as_long_as_names_may_be(plan, tmp_path, suffix):
    """What is written at first has another name beside it."""
    source = tmp_path / "run.h5"
    sweep(plan, source).close()
    target = tmp_path / f"{'x' * (255 - len(suffix))}{suffix}"
    export(source, target)
    assert target.stat().st_size
    assert {path.name for path in tmp_path.iterdir()} == {source.name, target.name}
