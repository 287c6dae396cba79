"""`critdamp bench`: the table, JSON, and what got slower."""

import json
from functools import partial

import pytest

from critdamp.cli.benchmark import cases, measure


@pytest.fixture
def bench(critdamp, monkeypatch):
    """Return what measures small cases for a moment."""
    monkeypatch.setattr(cases, "all_cases", partial(cases.all_cases, 0.02))
    monkeypatch.setattr(measure, "_SECONDS", 1e-6)
    return partial(critdamp, "bench")


def test_table_and_json(bench):
    shown = bench("--kernel", "spectral_radius", "--kernel", "steps", "--quiet")
    assert (shown.code, shown.err) == (0, "")
    for part in ("GHz", "limit: fill", "numpy, eigvals", "multiply-add, numba"):
        assert part in shown.out
    assert "settling_time" not in shown.out
    record = json.loads(bench("--json", "--kernel", "steps").out)
    assert record["machine"]["clock_ghz"] > 0.1
    rows = record["results"]
    assert {row["kernel"] for row in rows} == {"steps"}


@pytest.mark.slow
def test_every_kernel_is_measured(bench):
    rows = json.loads(bench("--json").out)["results"]
    assert {"rate", "regime", "steps", "schedule", "jumps", "sweep_to_file"} <= {
        row["kernel"] for row in rows
    }
    limits = [row["of_limit"] for row in rows if row["by"].startswith("limit")]
    assert all(0 < one <= 1 for one in limits)
    assert 1.0 in limits
    assert all(row["per_second"] > 0 for row in rows)


def test_what_got_slower_is_named(bench, tmp_path):
    some = ("--kernel", "schedule", "--quiet")
    assert bench(*some, "--save", "b.json").code == 0
    path = tmp_path / "b.json"
    record = json.loads(path.read_text())
    for row in record["results"]:
        row["per_second"] *= 1000 if "numba" in row["by"] else 1e-3
    path.write_text(json.dumps(record))
    shown = bench(*some, "--compare", "b.json")
    assert shown.code == 0
    slower = [line for line in shown.out.splitlines() if line.startswith("slower by")]
    assert slower
    assert all("schedule, critdamp, numba" in line for line in slower)
    record["machine"]["processor"] = "Z80"
    path.write_text(json.dumps(record))
    shown = bench(*some, "--compare", "b.json", "--json")
    assert json.loads(shown.out)["changes"][0]["factor"] > 0
    assert "Z80" in bench(*some, "--compare", "b.json").err


def test_bad_input(bench, tmp_path):
    (tmp_path / "b.json").write_text("{}")
    (tmp_path / "l.json").write_text('{"format": "critdamp-bench-1", "results": [1]}')
    for options, code, said in (
        (("--kernel", "speed"), 2, "--kernel: 'speed' is unknown; choose from"),
        (("--save", "b.json"), 2, "b.json: exists; --force replaces it"),
        (("--compare", "b.json"), 1, "b.json: not a file written by `critdamp bench"),
        (("--compare", "l.json"), 1, "l.json: not a file written by `critdamp bench"),
        (("--compare", "none.json"), 1, "none.json: cannot read it"),
        (("--kernel", "steps", "--save", "no/b.json"), 1, "no/b.json: cannot write"),
    ):
        refused = bench(*options, "--quiet")
        assert refused.code == code, refused.err
        assert said in refused.err
        assert refused.err.count("\n") == 1
    assert (tmp_path / "b.json").read_text() == "{}"
