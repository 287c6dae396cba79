"""The tables of docs/reference.md name what the registries have, and right values."""

import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

import critdamp as cd
from critdamp.cli.arguments.plans import KEYS
from critdamp.engine.modes.methods import METHODS
from critdamp.engine.quantities.registry import QUANTITIES
from critdamp.engine.spectrum_quantities.registry import SPECTRUM_QUANTITIES

PAGE = Path(__file__).parents[2] / "docs/reference.md"


def table(heading):
    """Return the cells of the first table below a heading, row by row."""
    text = PAGE.read_text(encoding="utf-8")
    _, below = text.split(f"# {heading}\n", 1)
    rows = re.search(r"^\|.*\n\|[-|]+\n((?:\|.*\n)+)", below, re.M)[1]
    cells = (re.split(r"(?<!\\)\|", row)[1:-1] for row in rows.splitlines())
    return [[cell.strip().strip("`") for cell in row] for row in cells]


def golden():
    """Return the expressions and values that are shown."""
    return [(code, value) for _, code, value in table("Golden values")]


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("Methods", METHODS),
        ("Quantities of one mode", QUANTITIES),
        (
            "Quantities of a whole spectrum",
            [one.shown for one in SPECTRUM_QUANTITIES.values()],
        ),
        ("Plan keys", KEYS),
    ],
)
def test_rows_are_those_of_the_code(heading, names):
    """Those that were added since may be in the generated tables alone."""
    rows = [row[0] for row in table(heading)]
    assert rows == [name for name in names if name in rows]
    assert len(rows) >= 4


def test_parameters_are_those_of_the_methods():
    shown = {row[0]: re.findall(r"\w+", row[1]) for row in table("Methods")}
    assert shown == {name: list(METHODS[name].parameters) for name in shown}


def test_units_and_types_are_those_of_the_quantities():
    both = [("Quantities of one mode", QUANTITIES)]
    both.append(("Quantities of a whole spectrum", SPECTRUM_QUANTITIES))
    for heading, known in both:
        for row in table(heading):
            one = known[row[0].partition(":")[0]]
            unit = "none" if one.units == "1" else one.units
            narrow = ", or float32" if one.narrow else ""
            assert row[-2:] == [unit, f"{one.dtype}{narrow}"], row[0]


def test_negative_curvatures_are_refused_where_it_says_so():
    for row in table("Quantities of a whole spectrum"):
        one = SPECTRUM_QUANTITIES[row[0].partition(":")[0]]
        assert row[4] == ("refused" if one.positive_only else "allowed"), row[0]


def test_codes_are_those_of_the_regime():
    below = PAGE.read_text(encoding="utf-8").split("The codes of `regime`:")[1]
    shown = re.findall(r"^\| (−?\d+) \| (\w+)", below, re.M)[: len(cd_flags())]
    assert {int(code.replace("−", "-")): name for code, name in shown} == cd_flags()


def cd_flags():
    """Return what the codes of the regime stand for."""
    return dict(QUANTITIES["regime"].flags)


@pytest.mark.parametrize(("code", "value"), golden())
def test_golden_values(code, value):
    found = float(eval(code, {"cd": cd, "np": np}))
    last_digit = float(Decimal(1).scaleb(Decimal(value).as_tuple().exponent))
    rounding = 4 * np.finfo(float).eps * abs(found)
    whole = Decimal(value) == Decimal(value).to_integral()
    assert abs(found - float(value)) <= (0 if whole else 0.5 * last_digit + rounding)
