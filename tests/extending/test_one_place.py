"""A quantity, a method or a kind of file is added in one place, and is then everywhere.

Each test adds one to a copy of the sources, in the way that the documents tell.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

import critdamp.engine.errors as errors_of_the_engine

pytestmark = pytest.mark.slow
PACKAGE = Path(errors_of_the_engine.__file__).parents[1]
QUANTITY = '''
"""How many iterations halve a mode, in the end."""

import math

from .quantity import quantity
from .rate import rate

_rate = rate.kernel


@quantity(
    long_name="half-life",
    units="iteration",
    comment="ln 2 / rate; negative = diverges",
    best="min",
    converges=(0.0, math.inf),
)
def half_life(r):
    """Return ln 2 over the rate of convergence."""
    return 0.6931471805599453 / _rate(r)
'''
METHOD = '''
@jit
def _blend(alpha, beta, eps, p, k):
    """Return T = 1 + p − ε(1 + αβ)k, D = p − εαβk, w_1 = 1 − εk."""
    x, y, lost = _gradient_step(eps, k)
    g = alpha * beta
    h, l = _times(g, x)
    return Recurrence(
        (1.0, -x, -h, -l, -y, p), (p, -h, -l), (1.0, -x, -y), _plain_noise(eps), lost
    )


_METHODS = (
    Method("blend", ("alpha", "beta", "eps", "p"), _blend, "a blend"),
'''
VARIABLES = """VARIABLES = {
    "alpha": Variable("first factor", "alpha of a blend"),
    "beta": Variable("second factor", "beta of a blend", default=0.5),
"""


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def copy(tmp_path):
    """Return what runs a program with a copy of the package, and the copy."""
    package = tmp_path / "sources" / "critdamp"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {**os.environ, "PYTHONPATH": str(package.parent)}

    def run(*arguments):
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, text=True, capture_output=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run, package


def test_a_quantity_is_one_file_and_one_line(copy, tmp_path):
    run, package = copy
    folder = package / "engine" / "quantities"
    (folder / "half_life.py").write_text(QUANTITY.lstrip(), encoding="utf-8")
    change(
        folder / "registry.py",
        "from .noise",
        "from .half_life import half_life\nfrom .noise",
    )
    change(
        folder / "registry.py",
        "    noise_variance,\n",
        "    noise_variance,\n    half_life,\n",
    )
    code = "import critdamp as cd; print(cd.half_life(0.1, 0.9, 1.0), dir(cd))"
    said = run("-c", code)
    assert said.startswith("13.15")
    assert "'half_life'" in said
    assert "half_life" in run("-m", "critdamp", "sweep", "--help")
    axes = ("--eps", "0.1,0.2", "--p", "0.5,0.9", "--k", "1")
    run("-m", "critdamp", "sweep", *axes, "--quantity", "half_life", "-o", "run.h5")
    with h5py.File(tmp_path / "run.h5") as file:
        assert file["half_life"].attrs["units"] == "iteration"
    summary = json.loads(run("-m", "critdamp", "inspect", "run.h5", "--json"))
    best = summary["quantities"]["half_life"]
    assert best["best_point"]["p"] == 0.5
    assert "half_life" in run("-m", "critdamp", "info")


def test_a_method_is_one_function_and_one_line(copy, tmp_path):
    run, package = copy
    path = package / "engine" / "modes" / "methods.py"
    change(path, "_METHODS = (\n", METHOD.lstrip())
    change(path, "VARIABLES = {\n", VARIABLES)
    code = (
        "import critdamp as cd; from critdamp.engine.spectra.spectrum import Spectrum; "
        "m = cd.blend(alpha=0.5); print(m.rate(0.5, 0.1, 0.9, 1.0)); "
        "print(cd.simulate(Spectrum([1.0]), 0.1, 0.9, 9, method=m).loss[-1])"
    )
    rate, loss = map(float, run("-c", code).split())
    assert rate > 0
    assert 0 < loss < 0.5
    point = ("--method", "blend", "--alpha", "0.5", "--eps", "0.1", "--p", "0.9")
    grid = ("--beta", "0.1,0.5", "--k", "0.5,1")
    run("-m", "critdamp", "sweep", *point, *grid, "-o", "run.h5")
    with h5py.File(tmp_path / "run.h5") as file:
        assert list(file.attrs["axes"]) == ["alpha", "beta", "k", "eps", "p"]
        assert file["alpha"].attrs["long_name"] == "first factor"
        assert file["spectral_radius"].shape == (1, 2, 2, 1, 1)
    (tmp_path / "h.csv").write_text("1 0.5\n0.5 2\n")
    run("-m", "critdamp", "spectrum", "h.csv", "-o", "s.h5")
    steps = ("integrate", "s.h5", "--steps", "9", "--json")
    found = json.loads(run("-m", "critdamp", *steps, *point, "-o", "t.h5"))
    assert found["loss_last"] < found["loss_first"]
    beside = json.loads(run("-m", "critdamp", "verify", "h.csv", *point, "--json"))
    assert beside["difference"] < 1e-10
    assert beside["coupled"] == beside["decoupled"] > 0


def test_a_kind_of_file_is_one_line(copy, tmp_path):
    run, package = copy
    kinds = package / "data" / "formats" / "kinds.py"
    line = 'NOTE = Kind("critdamp-note", 1, "a note", needs=("x",))\n'
    change(kinds, "KINDS = (RUN,", f"{line}KINDS = (NOTE, RUN,")
    with h5py.File(tmp_path / "note.h5", "w") as file:
        file["t"], file["x"] = [0.0, 1.0], [2.0, 3.0]
        file.attrs.update(format="critdamp-note", format_version=1)
        file.attrs.update(signal="x", axes=["t"])
    run("-m", "critdamp", "export", "note.h5", "-o", "note.csv")
    assert (tmp_path / "note.csv").read_text() == "t,x\n0,2\n1,3\n"
    code = (
        "import critdamp as cd\n"
        "try: cd.open_run('note.h5')\n"
        "except OSError as error: print(error)"
    )
    assert "note.h5: a note, not a run" in run("-c", code)
