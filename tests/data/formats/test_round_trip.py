"""Round trips: what was computed is what every reader reads."""

import zlib

import h5py
import netCDF4
import numpy as np
import pytest
import small
import xarray
from isal import isal_zlib

from critdamp.data.chunks.deflate import pack
from critdamp.data.chunks.encoder import ChunkEncoder
from critdamp.data.formats.run_file import open_run
from critdamp.data.sweeps.disk_space import estimate
from critdamp.data.sweeps.status import status
from critdamp.data.sweeps.sweep import sweep
from critdamp.engine.maps.axis import Axis
from critdamp.engine.maps.compute import TileComputer
from critdamp.engine.maps.grid import Tile
from critdamp.engine.maps.plan import Plan
from critdamp.engine.spectra.spectrum import Spectrum


def whole(plan):
    """Return the plan's maps, computed at once."""
    tile = Tile(0, (0,) * len(plan.grid.shape), plan.grid.shape)
    return {name: array.copy() for name, array in TileComputer(plan)(tile).items()}


@pytest.mark.parametrize("compression", [True, False])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_run_holds_what_was_computed(plan, tmp_path, compression, dtype):
    plan = small.small_plan(dtype=dtype)
    with sweep(plan, tmp_path / "run.h5", compression=compression) as run:
        for name, array in whole(plan).items():
            assert run[name][()].tobytes() == array.tobytes()
            assert run[name].dtype == array.dtype


def test_small_settings_give_many_tiles_and_shards(plan):
    found = estimate(plan)
    assert found.tiles > 10
    assert found.shards > 5
    assert found.points == 31 * 21 * 13
    assert found.nbytes == found.points * 17


@pytest.mark.parametrize("method", ["gradient_descent", "qhm"])
def test_axes_are_those_of_the_method(plan, tmp_path, method):
    axes = {"p": [0, 0.5, 0.9], "nu": [0.5, 1]} if method == "qhm" else {}
    plan = Plan(method=method, eps=Axis.log(1e-3, 1, 9), k=[0.1, 1], **axes)
    with sweep(plan, tmp_path / "run.h5") as run:
        names = tuple(scale[0].name for scale in run["spectral_radius"].dims)
        assert names == tuple(f"/{name}" for name in plan.method.dimensions)
        assert (
            run["spectral_radius"][()].tobytes()
            == whole(plan)["spectral_radius"].tobytes()
        )


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
def test_xarray_sees_axes_and_values(plan, tmp_path, engine):
    sweep(plan, tmp_path / "run.h5").close()
    with xarray.open_dataset(tmp_path / "run.h5", engine=engine) as found:
        assert found["spectral_radius"].dims == ("k", "eps", "p")
        assert found["eps"].attrs["long_name"] == "learning rate"
        assert found.attrs["Conventions"].startswith("CF-")
        for name, axis in plan.axes.items():
            np.testing.assert_array_equal(found[name], axis.values)
        expected = whole(plan)["settling_time"]
        np.testing.assert_array_equal(found["settling_time"], expected)


def test_netcdf4_sees_axes_and_masks_nothing(plan, tmp_path):
    sweep(plan, tmp_path / "run.h5").close()
    with netCDF4.Dataset(tmp_path / "run.h5") as found:
        assert found["regime"].dimensions == ("k", "eps", "p")
        assert found["regime"].flag_meanings.split()[0] == "divergent"
        assert found["p"].long_name == "momentum"
        assert np.ma.count_masked(found["regime"][:]) == 0


def test_plain_h5py_sees_scales_and_nexus_axes(plan, tmp_path):
    sweep(plan, tmp_path / "run.h5").close()
    with h5py.File(tmp_path / "run.h5", "r") as file:
        rho = file["spectral_radius"]
        assert rho.dims[1][0] == file["eps"]
        assert list(file.attrs["axes"]) == ["k", "eps", "p"]
        assert file[file.attrs["signal"]] == rho
        assert np.isnan(rho.attrs["_FillValue"])
        assert np.isnan(rho.fillvalue)


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
def test_run_of_a_spectrum_stands_alone(plan, tmp_path, engine):
    spectrum = Spectrum([0.0, 0.1, 0.1, 2.0], [1, 2, 3, 4], name="four")
    plan = Plan(spectrum=spectrum, eps=Axis.log(1e-2, 1, 30), p=[0, 0.5])
    sweep(plan, tmp_path / "run.h5").close()
    with xarray.open_dataset(tmp_path / "run.h5", engine=engine) as found:
        assert found["spectral_radius"].dims == ("eps", "p")
        assert found["spectrum_k"].dims == ("mode",)
        assert found["spectrum_weights"].values.tolist() == [1, 2, 3, 4]
        assert found.attrs["spectrum_zero_modes_left_out"] == 1


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_chunks_are_those_of_hdf5s_filters(plan, tmp_path, dtype):
    plan = small.small_plan(dtype=dtype, quantities=["spectral_radius"])
    tile = plan.grid.tile(plan.grid.n_tiles - 1)
    arrays = TileComputer(plan)(tile)
    encoder = ChunkEncoder(plan, True, 2)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        chunks, shape = plan.grid.chunk_shape, plan.grid.shape
        filters = {"chunks": chunks, "compression": "gzip", "shuffle": True}
        dataset = file.create_dataset("a", shape, dtype, **filters)
        for chunk in encoder(tile, arrays):
            dataset.id.write_direct_chunk(chunk.offset, chunk.data)
        read = dataset[tile.slices]
    encoder.close()
    assert read.tobytes() == arrays["spectral_radius"].tobytes()


@pytest.mark.parametrize("encoder", [zlib, isal_zlib])
@pytest.mark.parametrize("noise", [0, 1, 3, 4])
@pytest.mark.parametrize("size", [1, 1000, 70_000])
def test_packed_planes_are_one_zlib_stream(monkeypatch, encoder, noise, size):
    planes = np.zeros((4, size), np.uint8)
    planes[:noise] = np.random.default_rng(13).integers(256, size=(noise, size))
    monkeypatch.setattr("critdamp.data.chunks.deflate.encoder", encoder)
    assert zlib.decompress(pack(planes)) == planes.tobytes()
    assert len(pack(planes)) <= noise * size * 1.01 + 0.02 * size + 40


def test_zlib_serves_where_isal_is_missing(plan, tmp_path, bits, monkeypatch):
    sweep(plan, tmp_path / "isal.h5").close()
    monkeypatch.setattr("critdamp.data.chunks.deflate.encoder", zlib)
    sweep(plan, tmp_path / "zlib.h5").close()
    assert bits(tmp_path / "isal.h5") == bits(tmp_path / "zlib.h5")


def test_threads_do_not_change_a_bit(plan, tmp_path, bits):
    sweep(plan, tmp_path / "one.h5", threads=1).close()
    sweep(plan, tmp_path / "two.h5", threads=2).close()
    assert bits(tmp_path / "one.h5") == bits(tmp_path / "two.h5")


def test_summary_agrees_with_the_maps(plan, tmp_path):
    with sweep(plan, tmp_path / "run.h5") as run:
        for quantity in plan.quantities:
            found, values = run.summary(quantity.name), run[quantity.name][()]
            finite = values[np.isfinite(values)]
            assert (found.minimum, found.maximum) == (finite.min(), finite.max())
            low, high = quantity.converges
            assert found.diverging == np.mean((values < low) | (values > high))
            if quantity.best:
                at = np.unravel_index(values.argmin(), values.shape)
                axes = zip(plan.axes.items(), at, strict=True)
                point = {name: axis.values[i] for (name, axis), i in axes}
                assert (found.best_value, found.best_point) == (values[at], point)


def test_no_point_is_best_where_none_converges(plan, tmp_path):
    names = ["spectral_radius", "settling_time", "rate"]
    plan = Plan(quantities=names, eps=[5, 6], p=[0, 0.1], k=1)
    with sweep(plan, tmp_path / "run.h5") as run:
        found = [run.summary(name) for name in names]
    assert [one.best_value for one in found] == [None] * 3
    assert [one.diverging for one in found] == [1.0] * 3
    assert found[1].minimum is None


def test_values_at_the_nearest_point(plan, tmp_path):
    with sweep(plan, tmp_path / "run.h5") as run:
        point, values = run.at(eps=0.9, p=2, k=0)
        assert point["p"] == 0.999
        assert point["k"] == plan.axes["k"].values[0]
        i = plan.axes["eps"].nearest(0.9)
        assert values["spectral_radius"] == run["spectral_radius"][0, i, -1]


def test_file_says_where_it_comes_from(plan, tmp_path):
    path = tmp_path / "run.h5"
    with sweep(plan, path, command_line="critdamp sweep -o x") as run:
        known = run.provenance
        assert run.plan.sha256 == plan.sha256 == known["plan_sha256"]
    assert known["format_version"] == 1
    assert known["command_line"] == "critdamp sweep -o x"
    assert known["command_line"] in known["history"]
    assert known["status"] == "complete"
    found = status(path)
    assert (found.complete, found.done, found.nbytes) == (
        True,
        plan.grid.n_tiles,
        path.stat().st_size,
    )


def test_to_xarray_is_the_run(plan, tmp_path):
    sweep(plan, tmp_path / "run.h5").close()
    with open_run(tmp_path / "run.h5") as run, run.to_xarray() as found:
        assert set(run.quantities) < set(found.data_vars)
