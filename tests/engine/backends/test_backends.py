"""The C kernels and Numba's write the same bits, in any number of threads."""

import numpy as np
import oracle
import pytest

import critdamp as cd
from critdamp.engine.backends import c as native
from critdamp.engine.backends.compile import map_kernel, ufunc
from critdamp.engine.backends.select import choose_backend
from critdamp.engine.errors import InputError
from critdamp.engine.maps.compute import TileComputer
from critdamp.engine.modes.methods import METHODS
from critdamp.engine.quantities.registry import QUANTITIES

# methods with kernels in C, which are an option for others
IN_C = ("heavy_ball", "gradient_descent", "nesterov", "qhm")
needs_c = pytest.mark.skipif(not native.AVAILABLE, reason="no C kernels were built")
QUICK = [known for known in QUANTITIES.values() if known.quick]
ENDS = [0, 5e-324, 1e-300, 1e-16, 0.5, 1 - 2**-53, 1, 1 + 2**-52, 2, 1e150, 1e300]
ENDS = np.array([*ENDS, *(-x for x in ENDS), np.inf, -np.inf, np.nan])


def blocks(rng, method):
    """Return slower parameters, k and fastest: creases, edges, eighths, ends, noise."""
    rows = 1250
    k = rng.choice([1.0, 0.5, 3.0, -1.0, 0.0, 1e-3], rows)
    p = np.concatenate([rng.uniform(-1.2, 1.2, 600), np.arange(-100, 100) / 64, ENDS])
    x = np.concatenate([(1 - np.sqrt(abs(p))) ** 2, 2 + 2 * p, ENDS, rng.random(200)])
    eps = rng.choice(x, rows)
    eps = np.where(rng.random(rows) < 0.5, np.nextafter(eps, 9), eps)
    if method.parameters == ("eps",):
        return np.empty((0, rows)), k, np.concatenate([x, rng.random(200)])
    nu = rng.choice(np.concatenate([ENDS, rng.random(50)]), rows)
    return np.array({2: [eps], 3: [nu, eps]}[len(method.parameters)]), k, p


def rising(values):
    """Return values that increase, as those of an axis do, without a NaN."""
    return np.sort(values[values == values])


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_affine_in_their_last_parameter(name):
    """Blocks of a row are told from their ends, see `Method`."""
    count = len(METHODS[name].parameters)
    for last in (-0.5, 0.25, 2.0):
        ways = [(*(0.75, 0.5)[: count - 1], last + i / 8, 3.0) for i in range(3)]
        before, here, after = (oracle.exact(name, *way) for way in ways)
        for i in range(2):
            assert before[i] + after[i] == 2 * here[i]


@needs_c
@pytest.mark.parametrize("name", IN_C)
@pytest.mark.parametrize("quantity", ["spectral_radius", "regime", "rate"])
def test_same_bits(name, quantity):
    method, known = METHODS[name], QUANTITIES[quantity]
    rng = np.random.default_rng(14)
    for threads, arranged in ((1, np.array), (2, rising)):
        slower, k, fastest = blocks(rng, method)
        fastest = arranged(fastest)
        found = np.empty((k.size, fastest.size), known.dtype)
        expected = np.empty_like(found)
        native.map_kernel(method, known, threads)(slower, k, fastest, 0.0, found)
        map_kernel(method, known)(slower, k, fastest, 0.0, expected)
        # which NaN it is, is nobody's business
        different = (found != expected) & ~((found != found) & (expected != expected))
        assert found.size > 10**6
        assert not different.any(), np.argwhere(different)[0]


@pytest.mark.filterwarnings("ignore:.* encountered in")  # at the ends of the numbers
@pytest.mark.parametrize("arranged", [np.array, rising])
@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("known", QUICK, ids=lambda q: q.name)
def test_what_is_quick_is_exact(name, known, arranged):
    method = METHODS[name]
    slower, k, fastest = blocks(np.random.default_rng(15), method)
    slower, k, fastest = slower[:, :200], k[:200], arranged(fastest)
    found = np.empty((k.size, fastest.size), known.dtype)
    map_kernel(method, known)(slower, k, fastest, 0.0, found)
    points = *(values[:, None] for values in slower), fastest, k[:, None]
    expected = ufunc(method, known)(*points)
    assert np.array_equal(found, expected, equal_nan=known.dtype == "float64")


@needs_c
def test_plans_take_either_backend():
    axes = {"eps": cd.Axis.log(1e-3, 4, 40), "p": cd.Axis.lin(0, 0.99, 30), "k": [1, 2]}
    names = ("spectral_radius", "regime", "settling_time")
    for dtype in ("float64", "float32"):
        plan = cd.Plan(quantities=names, dtype=dtype, **axes)
        tile = plan.grid.tile(0)
        both = [TileComputer(plan, backend=name)(tile) for name in ("c", "numba")]
        for name in names:
            assert both[0][name].tobytes() == both[1][name].tobytes()


def test_backends_by_name(monkeypatch):
    assert choose_backend("numba") == "numba"
    assert choose_backend("auto") == ("c" if native.AVAILABLE else "numba")
    with pytest.raises(InputError, match="backend: 'gpu' is unknown; choose from"):
        choose_backend("gpu")
    monkeypatch.setattr(native, "AVAILABLE", False)
    assert choose_backend("auto") == "numba"
    with pytest.raises(InputError, match="backend: the C kernels were not built"):
        choose_backend("c")
