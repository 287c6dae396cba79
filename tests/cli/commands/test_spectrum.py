"""`critdamp spectrum`: from what people have to a file that sweeps take."""

import json
import re

import numpy as np
import pytest
import scipy.sparse as sp
import xarray

import critdamp as cd
from critdamp.data.problems import catalogue as problems

SMALL = ("--eps", "log:0.01:1:5", "--p", "lin:0:0.9:4")


@pytest.fixture
def hessian(tmp_path):
    """Return a Hessian in a file, with a zero mode and a triple one."""
    rotation = np.linalg.qr(np.random.default_rng(3).standard_normal((6, 6)))[0]
    k = np.array([0.0, 0.5, 1.0, 1.0, 1.0, 4.0])
    matrix = rotation @ np.diag(k) @ rotation.T
    matrix[0, 1] *= 1 + 1e-14
    np.save(tmp_path / "h.npy", matrix)
    return matrix


def test_from_a_matrix_to_a_sweep(critdamp, hessian, tmp_path):
    made = critdamp("spectrum", "h.npy", "-o", "s.h5")
    assert made.code == 0, made.err
    assert "(H + Hᵀ)/2 is used" in made.err
    rows = dict(line.split(None, 1) for line in made.out.splitlines()[:3])
    assert rows["modes"] == "6"
    assert float(rows["kmin"]) == pytest.approx(0.5)
    assert "zero modes      1" in made.out
    assert "multiplicities  3 × 1" in made.out
    assert "█" in made.out
    swept = critdamp("sweep", "--spectrum", "s.h5", *SMALL, "-o", "run.h5")
    assert swept.code == 0, swept.err
    assert "1 zero mode of 6 left out" in swept.err
    assert critdamp("sweep", "--k", "@s.h5", *SMALL, "-o", "k.h5").code == 0
    with xarray.open_dataset(tmp_path / "s.h5") as data:
        assert set(data) == {"k", "weights", "displacement", "residuals"}
        assert data.attrs["command_line"] == "critdamp spectrum h.npy -o s.h5"
    refused = critdamp("spectrum", "h.npy", "-o", "s.h5")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert critdamp("spectrum", "h.npy", "-o", "s.h5", "--force").code == 0


def test_json_and_treatment(critdamp, hessian, tmp_path):
    np.save(tmp_path / "n.npy", hessian - 0.75 * np.eye(6))
    refused = critdamp("spectrum", "n.npy", "-o", "s.h5")
    assert refused.code == 2
    assert "2 negative modes, the smallest k is -0.75" in refused.err
    assert not (tmp_path / "s.h5").exists()
    shown = critdamp("spectrum", "n.npy", "--negative", "drop", "--json", "--quiet")
    record = json.loads(shown.out)
    assert (record["modes"], record["negative_modes"]) == (4, 2)
    assert record["condition"] == pytest.approx(13)
    shown = critdamp("spectrum", "n.npy", "--shift", "0.75", "--zero", "drop", "--json")
    record = json.loads(shown.out)
    assert (record["modes"], record["zero_modes"]) == (5, 1)
    assert record["kmin"] == pytest.approx(0.5)


def test_nodes_that_have_not_converged_are_flagged(critdamp, tmp_path):
    n = 2500
    line = sp.diags_array([-np.ones(n - 1), np.full(n, 2.0)], offsets=[-1, 0])
    lower = sp.tril(line, -1)
    sp.save_npz(tmp_path / "line.npz", (line + lower.T).tocsr())
    operator = critdamp("spectrum", "line.npz", "-o", "s.h5")
    assert operator.code == 0, operator.err
    assert cd.load_spectrum(tmp_path / "s.h5").kmin_converged  # by factorising
    vector = np.random.default_rng(0).standard_normal(n)
    np.save(tmp_path / "b.npy", vector)
    some = ("--displacement", "b.npy", "--steps", "20")
    shown = critdamp("spectrum", "line.npz", *some, "-o", "b.h5")
    assert "NOT CONVERGED" in shown.out
    found = cd.load_spectrum(tmp_path / "b.h5")
    assert found.displacement.sum() == pytest.approx(vector @ vector)
    swept = critdamp("sweep", "--spectrum", "b.h5", *SMALL, "-o", "run.h5")
    assert "has not converged" in swept.err


def test_problems_are_kept(critdamp, tmp_path, monkeypatch):
    monkeypatch.setattr(problems, "cache_dir", lambda: tmp_path / "cache")
    first = critdamp("spectrum", "--problem", "diabetes")
    assert "condition       5.23653e+07" in first.out
    (kept,) = (tmp_path / "cache" / "problems").iterdir()
    monkeypatch.setattr(problems, "PROBLEMS", dict.fromkeys(problems.PROBLEMS, ("", 0)))
    assert critdamp("spectrum", "--problem", "diabetes").out == first.out
    kept.write_bytes(b"")
    monkeypatch.undo()
    monkeypatch.setattr(problems, "cache_dir", lambda: tmp_path / "cache")
    monkeypatch.chdir(tmp_path)
    again = critdamp("spectrum", "--problem", "diabetes")
    assert again.out == first.out
    assert "damaged; computed again" in again.err


def test_bad_input_writes_nothing(critdamp, hessian, tmp_path):
    np.save(tmp_path / "nan.npy", hessian * np.where(np.eye(6), np.nan, 1))
    np.save(tmp_path / "x.npy", hessian[:4])
    np.save(tmp_path / "k.npy", [1.0, 2.0, 3.0])
    np.savez(tmp_path / "two.npz", a=hessian, b=hessian)
    before = sorted(tmp_path.iterdir())
    for options, said in (
        (("none.npy",), "none.npy: no such file"),
        (("nan.npy",), r"nan.npy: value at (0, 0) is nan"),
        (("x.npy",), "; --as design takes a design matrix"),
        ((), "give either IN or --problem"),
        (("h.npy", "--problem", "diabetes"), "give either IN or --problem"),
        (("--problem", "nope"), "'nope' is unknown; there are diabetes"),
        (("h.npy", "--shift", "nan"), "--shift: nan given; a finite number"),
        (("h.npy", "--zero-tolerance", "-1"), "--zero-tolerance: -1.0 given"),
        (("h.npy", "--steps", "0"), "--steps: 0 given; a whole number ≥ 1"),
        (("h.npy", "--displacement", "x.npy"), "shape (4, 6), a vector of real"),
        (("h.npy", "--displacement", "k.npy"), "3 values for 6 weights"),
        (("h.npy", "--displacement", "two.npz"), "holds 2 arrays, a, b; say which"),
        (("k.npy", "--displacement", "k.npy"), "a displacement needs a Hessian"),
        (("h.npy", "--seed", "-1"), "'--seed': -1 is not in the range"),
        (("h.npy", "--as", "eigenvalues"), "eigenvalues are a vector"),
    ):
        refused = critdamp("spectrum", *options, "-o", "s.h5")
        assert refused.code == 2, refused.err
        assert said in refused.err
        assert (refused.out, refused.err.count("\n")) == ("", 1)
        assert sorted(tmp_path.iterdir()) == before
    refused = critdamp("spectrum", "h.npy", "-o", ".", "--force")
    assert (refused.code, "not a regular file" in refused.err) == (2, True)
    refused = critdamp("spectrum", "h.npy", "-o", "no/s.h5")
    assert (refused.code, "the folder no does not exist" in refused.err) == (1, True)


@pytest.mark.parametrize("k", [[999.9999999999], [1e-300, 1e308], [0.1, 10], [1000.0]])
def test_histograms_lose_nothing(critdamp, tmp_path, k):
    np.save(tmp_path / "k.npy", k)
    shown = critdamp("spectrum", "k.npy", "-o", "s.h5", "--name", "mine")
    assert shown.code == 0
    assert re.fullmatch(r"k\.npy: \d values?, taken as eigenvalues\n", shown.err)
    counts = [line.split()[-1] for line in shown.out.split("\n\n")[1].splitlines()]
    assert sum(map(int, counts)) == len(k)
    assert cd.load_spectrum(tmp_path / "s.h5").name == "mine"


def test_names_that_are_no_text(critdamp, tmp_path):
    np.save(tmp_path / "\udcff.npy", [1.0])
    assert critdamp("spectrum", "\udcff.npy", "-o", "s.h5").code == 0
    assert cd.load_spectrum(tmp_path / "s.h5").name == "\\udcff.npy"


def test_tables_are_asked_about(critdamp, tmp_path):
    """What pandas writes by default: its index counted as a feature, silently."""
    design = np.random.default_rng(1).standard_normal((40, 5))
    rows = (",".join(map(repr, [n, *row])) for n, row in enumerate(design.tolist()))
    (tmp_path / "x.csv").write_text("\n".join([",0,1,2,3,4", *rows, ""]))
    command = ("spectrum", "x.csv", "--as", "design")
    for given, option in (((), "header"), (("--header",), "index")):
        refused = critdamp(*command, *given)
        assert (refused.code, refused.out) == (2, "")
        assert refused.err.startswith(f"Error: --{option}/--no-{option}: x.csv: ")
        assert refused.err.count("\n") == 1
    shown = critdamp(*command, "--header", "--index", "-o", "s.h5")
    assert shown.code == 0, shown.err
    assert shown.err == (
        "x.csv: 40 × 5, header names left out, index column left out, taken as a "
        "design matrix, samples × features\n"
    )
    expected = cd.Spectrum.from_design(design).k
    np.testing.assert_array_equal(cd.load_spectrum(tmp_path / "s.h5").k, expected)
    both = critdamp(*command, "--no-header", "--index")
    assert (both.code, "0,1,2" in both.out) == (0, False)
    quiet = critdamp(*command, "--header", "--index", "--quiet")
    assert (quiet.out, quiet.err) == ("", "")


def test_verify_reads_the_same_tables(critdamp, hessian, tmp_path):
    np.savetxt(tmp_path / "h.csv", hessian, delimiter=",", header="0,1,2,3,4,5",
               comments="")  # fmt: skip
    command = ("verify", "h.csv", "--eps", "0.1", "--p", "0.5", "--steps", "50")
    assert "--header/--no-header: h.csv: line 1" in critdamp(*command).err
    shown = critdamp(*command, "--header")
    assert shown.code == 0, shown.err
    assert shown.err == "h.csv: 6 × 6, header names left out\n"


@pytest.mark.parametrize("name", ["karate.mtx", "h.npy", "k.csv"])
def test_a_matrix_in_place_of_a_spectrum(critdamp, hessian, tmp_path, name):
    (tmp_path / "karate.mtx").write_text(
        "%%MatrixMarket matrix coordinate pattern symmetric\n2 2 1\n2 1\n"
    )
    (tmp_path / "k.csv").write_text("0.5\n1.5\n")
    for command in (("sweep", "--spectrum", name, *SMALL), ("integrate", name)):
        refused = critdamp(*command, "-o", "run.h5")
        assert refused.code in (1, 2)
        assert "`critdamp spectrum` makes a spectrum of a matrix" in refused.err
