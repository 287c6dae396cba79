"""Grids, plans and tiles: the same bits however cut, by any number of threads."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import critdamp as cd
from critdamp.engine.backends.threads import default_threads
from critdamp.engine.errors import InputError
from critdamp.engine.maps import pieces
from critdamp.engine.maps.compute import TileComputer
from critdamp.engine.maps.grid import Grid, Tile
from critdamp.engine.maps.plan import DTYPES
from critdamp.engine.quantities.registry import QUANTITIES

AXES = {
    "eps": cd.Axis.log(1e-3, 4, 23),
    "p": cd.Axis.lin(-0.5, 1.1, 19),
    "k": cd.Axis.log(1e-2, 1, 7),
    "nu": cd.Axis.lin(0, 1, 3),
}


def plan_of(method, **given):
    """Return a plan of all quantities over the axes of a method."""
    face = getattr(cd, method)
    axes = {name: AXES[name] for name in (*face.parameters, "k")}
    return cd.Plan(method=method, **{"quantities": tuple(QUANTITIES), **axes, **given})


def whole(plan, threads=None):
    """Return the plan's maps, computed as one tile."""
    tile = Tile(0, (0,) * len(plan.grid.shape), plan.grid.shape)
    return TileComputer(plan, threads)(tile)


@pytest.mark.parametrize(
    "method", ["heavy_ball", "gradient_descent", "nesterov", "qhm"]
)
def test_kernels_agree_with_the_ufuncs(method):
    face, plan = getattr(cd, method), plan_of(method)
    mesh = np.meshgrid(*(a.values for a in plan.axes.values()), indexing="ij")
    at = dict(zip(plan.axes, mesh, strict=True))
    arguments = [at[name] for name in (*face.parameters, "k")]
    with np.errstate(all="ignore"):
        for name, found in whole(plan).items():
            tol = [plan.tol] if name == "settling_time" else []
            expected = getattr(face, name)(*arguments, *tol)
            assert found.tobytes() == np.ascontiguousarray(expected).tobytes(), name


def test_regime_map_is_exact_where_signs_are_in_doubt():
    # eighths make double roots and edges come out exactly
    eps, p = np.arange(-1, 33) / 8, np.arange(-9, 10) / 8
    eps = np.sort([*eps, *np.nextafter(eps, 9), *np.nextafter(eps, -9)])
    plan = cd.Plan(quantities=["regime"], eps=eps, p=p, k=[0.5, 1.0, 2.0])
    mesh = np.meshgrid(*(a.values for a in plan.axes.values()), indexing="ij")
    k, eps, p = mesh
    np.testing.assert_array_equal(whole(plan)["regime"], cd.regime(eps, p, k))


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 2**12), st.integers(1, default_threads()))
def test_tiles_and_threads_do_not_change_a_bit(points, threads):
    plan = plan_of("heavy_ball")
    expected = {name: array.copy() for name, array in whole(plan).items()}
    grid = Grid(plan.axes, tile_points=points)
    compute = TileComputer(plan, threads)
    covered = 0
    for index in range(grid.n_tiles):
        tile = grid.tile(index)
        covered += tile.size
        for name, found in compute(tile).items():
            assert found.tobytes() == expected[name][tile.slices].tobytes()
    assert covered == grid.size


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 3000), min_size=1, max_size=4),
    st.integers(1, 2**22),
)
def test_tiles_are_whole_chunks_and_cover_the_grid_once(shape, points):
    # an axis of n values is all that a grid asks of one
    grid = Grid({str(i): range(n) for i, n in enumerate(shape)}, tile_points=points)
    tiles = grid.n_tiles
    assert tiles <= 2**16 * 2 ** len(shape)
    for index in {0, tiles // 2, tiles - 1}:
        tile = grid.tile(index)
        blocks = list(grid.chunks(tile)) if tile.size < 2**22 else []
        sizes = [np.prod([s.stop - s.start for s in block]) for block in blocks]
        assert not blocks or sum(sizes) == tile.size
        for a, c in zip(tile.start, grid.chunk_shape, strict=True):
            assert a % c == 0
    ends = zip(grid.tile(tiles - 1).stop, shape, strict=True)
    assert all(stop == n for stop, n in ends)


def test_float32_is_the_double_rounded_once():
    double, single = (whole(plan_of("heavy_ball", dtype=d)) for d in DTYPES)
    for name, found in single.items():
        expected = double[name]
        if QUANTITIES[name].narrow:
            expected = expected.astype(np.float32)
        assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("method", ["heavy_ball", "nesterov", "qhm"])
def test_worst_case_is_that_of_all_modes(method):
    k = np.sort(np.random.default_rng(11).lognormal(0, 1.5, 60))
    spectrum = cd.Spectrum(np.concatenate([[0.0], k]), name="lognormal")
    names = ("spectral_radius", "rate")
    axes = {n: AXES[n] for n in getattr(cd, method).parameters}
    found = whole(cd.Plan(method=method, quantities=names, spectrum=spectrum, **axes))
    each = whole(cd.Plan(method=method, quantities=names, k=k, **axes))
    along = list(getattr(cd, method).method.dimensions).index("k")
    # equal numbers at two k may be rounded differently
    expected = each["spectral_radius"].max(axis=along), each["rate"].min(axis=along)
    for name, values in zip(names, expected, strict=True):
        np.testing.assert_allclose(found[name], values, rtol=1e-14, atol=0)


def test_hash_follows_the_numbers_and_nothing_else():
    plan = plan_of("heavy_ball")
    assert plan.sha256 == plan_of("heavy_ball").sha256
    again = cd.Plan.from_dict(plan.to_dict())
    assert again.sha256 == plan.sha256
    assert again.axes == plan.axes
    nudged = np.array(AXES["eps"].values)
    nudged[3] = np.nextafter(nudged[3], 1)
    for changed in (
        {"tol": 1e-5},
        {"dtype": "float32"},
        {"quantities": ("rate",)},
        {"eps": cd.Axis("log", nudged)},
    ):
        other = plan_of("heavy_ball", **changed)
        assert other.sha256 != plan.sha256
        assert len(plan.difference(other)) == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "at least 1 value"),
        ([[1.0, 2.0]], "shape"),
        ([1.0, float("nan")], "value 1 is nan"),
        ([float("inf")], "value 0 is inf"),
        ([1.0, 3.0, 2.0], "2 follows 3"),
        ([1.0, 1.0], "1 follows 1"),
        ([1.0, 2.0 + 1.0j], "holds complex128"),
        ([[1.0], [1.0, 2.0]], "rows differ in length"),
    ],
)
def test_bad_axes_are_refused(values, said):
    with pytest.raises(InputError, match=said):
        cd.Axis("list", values)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tol": 0.0}, "tol: 0 is outside"),
        ({"tol": 1.0}, "tol: 1 is outside"),
        ({"tol": float("nan")}, "tol: nan is outside"),
        ({"quantities": ()}, "quantity: at least one is needed"),
        ({"quantities": ("rate", "rate")}, "quantity: rate is given twice"),
        ({"quantities": ("speed",)}, "quantity: 'speed' is unknown; choose from"),
        ({"method": "adam"}, "method: 'adam' is unknown; choose from"),
        ({"dtype": "float16"}, "dtype: 'float16' is unknown"),
        ({"k": None}, "k: no values"),
        ({"nu": [0.5]}, "nu: heavy_ball has no such axis"),
        ({"k": [-1.0, 0.0], "eps": cd.Axis.lin(0, 1, 3)}, None),
    ],
)
def test_bad_plans_are_refused(given, said):
    base = {"eps": AXES["eps"], "p": AXES["p"], "k": AXES["k"]}
    if said is None:
        cd.Plan(**{**base, **given})
        return
    with pytest.raises(InputError, match=said):
        cd.Plan(**{**base, **given})


@pytest.mark.parametrize(
    ("k", "said"),
    [
        ([-1.0, 1.0], "1 negative mode"),
        ([0.0, 0.0], "none is positive"),
        ([2.0, 1.0], "must not decrease"),
        ([np.nan], "value 0 is nan"),
        ([1.0 + 1.0j], "k: holds complex128"),
        ([], "at least 1 value"),
    ],
)
def test_bad_spectra_are_refused(k, said):
    with pytest.raises(InputError, match=said):
        _ = cd.Spectrum(k).positive


@pytest.mark.parametrize("threads", [1, 2])
def test_pieces_do_not_change_a_bit(monkeypatch, threads):
    spectrum = cd.Spectrum(np.geomspace(0.01, 1, 20), name="twenty")
    names = ("rate", "loss_settling_time", "transient_peak")
    axes = {"eps": AXES["eps"], "p": cd.Axis.lin(0, 0.99, 600)}
    maps = cd.Plan(spectrum=spectrum, quantities=names, **axes), plan_of("qhm")
    for plan in maps:
        tile = Tile(0, (0,) * len(plan.grid.shape), plan.grid.shape)
        found = []
        for seconds in (1e9, 0.0):
            monkeypatch.setattr(pieces, "SECONDS", seconds)
            seen = []
            arrays = TileComputer(plan, min(threads, default_threads()))(
                tile, seen.append
            )
            found.append({name: array.copy() for name, array in arrays.items()})
        # parts of rows of 600 points, and rows of 19 or fewer
        assert len(seen) > 100
        assert seen == sorted(seen)
        assert 0 <= seen[0] <= seen[-1] <= tile.size
        for name, expected in found[0].items():
            assert found[1][name].tobytes() == expected.tobytes()


def test_a_pace_follows_the_cost_of_a_point(monkeypatch):
    """Pieces of some tenths of a second, also where a row is just longer than one."""
    clock = [0.0]
    monkeypatch.setattr(pieces.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(pieces, "SECONDS", 0.3)
    for whole_rows in (False, True):
        pace = pieces.Pace(8, whole_rows)
        for cost in (1e-4, 1e-7, 1e-4):
            sizes = []
            for _ in range(9):
                for piece in pace.pieces(1000, 300):
                    sizes.append(np.prod([s.stop - s.start for s in piece]))
                    clock[0] += cost * sizes[-1]
            assert max(sizes[-4:]) * cost == pytest.approx(
                min(0.3, 3e5 * cost), rel=0.5
            )
