"""Every reader reads every kind of file: axes, units, values, and what is missing.

silx and h5dump are tried where they are installed.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import partial

import h5py
import netCDF4
import numpy as np
import pytest
import xarray

import critdamp as cd
from critdamp.data.formats.trajectory_file import save_trajectory
from critdamp.data.shards.folder import RunFolder
from critdamp.data.sweeps.sweep import sweep
from critdamp.engine.maps.plan import Plan
from critdamp.engine.simulation.simulate import simulate
from critdamp.engine.spectra.spectrum import Spectrum

SPECTRUM = Spectrum([0.0, 0.1, 0.1, 2.0], [1, 2, 3, 4], name="four")
EPS_P = {"eps": cd.Axis.log(0.1, 1, 5), "p": [0, 0.5]}


def a_run(plan, path):
    sweep(plan, path).close()


def a_live_view(plan, path):
    assert sweep(plan, path, stop=lambda: True) is None
    return RunFolder(path).live


def a_map(_plan, path):
    names = ["rate", "loss_settling_time"]
    sweep(Plan(spectrum=SPECTRUM, quantities=names, **EPS_P), path).close()


def a_spectrum(_plan, path):
    cd.save_spectrum(SPECTRUM, path, {"made_per_weight": False, "made_seed": 0})


def a_trajectory(_plan, path):
    def simulated(keep):
        return simulate(SPECTRUM, eps, 0.5, 20, record="every:2", modes=keep)

    eps = np.linspace(0.1, 0.2, 20)
    about = {"made_modes": True, "made_record": "every:2"}
    save_trajectory(simulated, SPECTRUM, path, about, {"eps": eps}, 20, rows=11)


def a_continuous_trajectory(_plan, path):
    times = np.linspace(0, 1, 5)
    save_trajectory(
        lambda _: cd.simulate_continuous(SPECTRUM, 1, 1, times), SPECTRUM, path, {}
    )


@dataclass(frozen=True)
class Kind:
    """What makes a kind of file, its arrays → dimensions, and units that are not 1."""

    make: object
    arrays: dict
    units: dict


GRID = ("k", "eps", "p")
RUN = {"spectral_radius": GRID, "regime": GRID, "settling_time": GRID}
KINDS = {
    "run": Kind(a_run, RUN, {"settling_time": "iteration"}),
    "live view": Kind(a_live_view, RUN, {"settling_time": "iteration"}),
    "map of a spectrum": Kind(
        a_map,
        dict.fromkeys(("rate", "loss_settling_time"), ("eps", "p"))
        | dict.fromkeys(("spectrum_k", "spectrum_weights"), ("mode",)),
        {"loss_settling_time": "iteration"},
    ),
    "spectrum": Kind(
        a_spectrum,
        dict.fromkeys(("k", "weights", "displacement", "residuals"), ("mode",)),
        {},
    ),
    "trajectory": Kind(
        a_trajectory,
        dict.fromkeys(("loss", "distance"), ("t",))
        | {"modes": ("t", "mode"), "eps_schedule": ("step",)},
        {"t": "iteration", "step": "iteration"},
    ),
    "continuous": Kind(
        a_continuous_trajectory,
        dict.fromkeys(("potential", "kinetic", "total", "distance"), ("time",)),
        {},
    ),
}


def by_h5py(path):
    """Return name → (values as they stand there, dimensions, units)."""
    with h5py.File(path, "r") as file:
        return {
            name: (
                data[()],
                tuple(side[0].name[1:] for side in data.dims if len(side)),
                data.attrs.get("units"),
            )
            for name, data in file.items()
            if isinstance(data, h5py.Dataset) and name != "plan"
        }


def masked(values):
    """Return values with NaN where the file has its fill value."""
    return np.where(values == -128, np.nan, values) if values.dtype == "i1" else values


def by_xarray(engine, path):
    with xarray.open_dataset(path, engine=engine) as found:
        return {
            name: (found[name].values, found[name].dims, found[name].attrs.get("units"))
            for name in found.variables
        }


def by_netcdf4(path):
    with netCDF4.Dataset(path) as file:
        return {
            name: (
                np.ma.filled(found[:].astype(np.float64), np.nan),
                found.dimensions,
                getattr(found, "units", None),
            )
            for name, found in file.variables.items()
            if name != "plan"
        }


def by_h5dump(path):
    """Parse what h5dump prints of each array."""
    if shutil.which("h5dump") is None:
        pytest.skip("h5dump is not installed")

    def printed(*arguments):
        command = ["h5dump", *arguments, str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=True)

    def one(name):
        said = printed("-d", f"/{name}", "-A").stdout
        sides = tuple(re.findall(r'\(DATASET \d+ "?/(\w+)"?\)', said))
        units = re.search(r'"units" \{.*?\(0\): "(.*?)"', said, re.S)
        shape = re.search(r"SIMPLE \{ \((.*?)\)", said)[1]
        data = printed("-d", f"/{name}", "-y", "-m", "%.17g").stdout
        numbers = re.search(r"DATA \{(.*?)\}", data, re.S)[1].split(",")
        values = np.array([float(number) for number in numbers])
        values = values.reshape([int(length) for length in shape.split(",")])
        if "H5T_STD_I8" in said:
            values[values == -128] = np.nan
        return values, () if "DIMENSION_SCALE" in said else sides, units and units[1]

    names = re.findall(r"dataset +/(\w+)\n", printed("-n").stdout)
    return {name: one(name) for name in names if name != "plan"}


READERS = {
    "h5py": by_h5py,
    "xarray, h5netcdf": partial(by_xarray, "h5netcdf"),
    "xarray, netcdf4": partial(by_xarray, "netcdf4"),
    "netCDF4": by_netcdf4,
    "h5dump": by_h5dump,
}


@pytest.fixture(params=KINDS)
def made(request, plan, tmp_path):
    """Return a kind of file, and the path of one."""
    kind, path = KINDS[request.param], tmp_path / "file.h5"
    return kind, kind.make(plan, path) or path


@pytest.mark.parametrize("reader", READERS)
def test_readers_see_axes_units_and_what_is_missing(made, reader, counts, request):
    kind, path = made
    found, true = READERS[reader](path), by_h5py(path)
    for name, dimensions in kind.arrays.items():
        values, sides, units = found[name]
        assert sides == dimensions
        assert units == kind.units.get(name, "1")
        np.testing.assert_array_equal(masked(values), masked(true[name][0]))
        for side, length in zip(sides, values.shape, strict=True):
            axis, _, units = found[side]
            assert axis.shape == (length,)
            np.testing.assert_array_equal(axis, true[side][0])
            assert units == (None if side == "mode" else kind.units.get(side, "1"))
    missing = [np.isnan(masked(true[name][0])).mean() for name in kind.arrays]
    partial_view = path.name == "live.h5"
    assert all(0 < share < 1 if partial_view else not share for share in missing)
    counts(f"files read by {reader}", request.node.callspec.params["made"])


def test_axes_are_coordinates_of_xarray(made):
    kind, path = made
    with xarray.open_dataset(path) as found:
        for name, dimensions in kind.arrays.items():
            assert set(found[name].coords) == set(dimensions)


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
@pytest.mark.parametrize("make", [a_run, a_live_view, a_map])
def test_to_xarray_with_either_engine(plan, tmp_path, monkeypatch, engine, make):
    known = partial(xarray.open_dataset, engine=engine)
    monkeypatch.setattr(xarray, "open_dataset", known)
    path = make(plan, tmp_path / "run.h5") or tmp_path / "run.h5"
    with cd.open_run(path) as run, run.to_xarray() as found:
        for name in run.quantities:
            assert found[name].dims == tuple(run.axes)
            assert found[name].attrs["units"] == run[name].attrs["units"]
            assert found[name].attrs["long_name"] == run[name].attrs["long_name"]
            expected = masked(run[name][()])
            np.testing.assert_array_equal(found[name], expected)
            assert (found[name].isnull() == np.isnan(expected)).all()
        for name, axis in run.axes.items():
            np.testing.assert_array_equal(found.coords[name], axis.values)
            assert found.coords[name].attrs["units"] == "1"
        point = {name: axis.values[-1] for name, axis in run.axes.items()}
        last = found[run.quantities[0]].sel(point).item()
        assert last == pytest.approx(run.at(**point)[1][run.quantities[0]], nan_ok=True)


def test_silx_shows_a_default_plot(made, counts, request):
    nxdata = pytest.importorskip("silx.io.nxdata")
    kind, path = made
    signal, *_ = kind.arrays
    with h5py.File(path, "r") as file:
        found = nxdata.get_default(file)
        assert found.is_valid
        assert found.signal == file[signal]
        assert [a.name[1:] for a in found.axes] == list(kind.arrays[signal])
    counts("files read by silx", request.node.callspec.params["made"])


@pytest.mark.parametrize("write", ["h5netcdf", "netcdf4"])
@pytest.mark.parametrize("read", ["h5netcdf", "netcdf4"])
def test_xarray_writes_what_it_has_read(made, tmp_path, read, write):
    _, path = made
    with xarray.open_dataset(path, engine=read) as found:
        found.to_netcdf(tmp_path / "copy.nc", engine=write)
        with xarray.open_dataset(tmp_path / "copy.nc", engine=write) as copy:
            xarray.testing.assert_equal(copy, found)
            assert set(copy.attrs) == set(found.attrs)
