"""A plan from options and from a TOML file, in which the options' names are keys."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import numpy as np

from critdamp.data.formats.spectrum_file import bundled_spectra, load_spectrum
from critdamp.data.inputs.axis_syntax import read_axis, zero_modes
from critdamp.engine.errors import FileError, InputError
from critdamp.engine.maps.axis import Axis
from critdamp.engine.maps.plan import Plan
from critdamp.engine.modes.methods import VARIABLES
from critdamp.engine.spectra.spectrum import Spectrum
from critdamp.engine.validation import about

# a.b.c…: tomllib takes a time that grows with the square of its length
_CHAIN = re.compile(r"""(?<![\w"'-])(?:[\w"'-]+[ \t]*\.[ \t]*){50}""")
KEYS = (*VARIABLES, "method", "quantity", "spectrum", "tol", "dtype")


def make_plan(file: Path | None, options: dict[str, Any], quiet: bool) -> Plan:
    """Return the plan of a TOML file, if one is given, with options in its place.

    Parameters
    ----------
    file : TOML with keys from `KEYS`; files it names are relative to its folder
    options : by key; None and () were not given
    quiet : do not say what of a spectrum is left out

    Raises
    ------
    InputError
        A key is unknown, or a value is not allowed.
    """
    given = {key: value for key, value in options.items() if value not in (None, ())}
    known = _read(file) if file else {}
    # k and spectrum stand for one another: what is typed wins
    for ours, theirs in (("k", "spectrum"), ("spectrum", "k")):
        if ours in given:
            known.pop(theirs, None)
    notes: list[str] = []
    values = {}
    if file:
        left = {key: value for key, value in known.items() if key not in given}
        try:
            values = _values(left, file.parent, notes)
        except InputError as error:
            raise InputError(f"{file}: {error}") from error
        except RecursionError:
            raise InputError(f"{file}: tables or lists nested too deeply") from None
    plan = Plan(**values | _values(given, Path(), notes))
    notes += _unsettling(plan)
    if notes and not quiet:
        click.echo("\n".join(notes), err=True)
    return plan


def _unsettling(plan: Plan) -> list[str]:
    """Say how many curvatures of an axis are negative or zero, and what that means."""
    k = plan.axes["k"].values if "k" in plan.axes else np.ones(1)
    cases = {
        "negative: w diverges there": np.count_nonzero(k < 0),
        "zero: w never moves there": np.count_nonzero(k == 0),
    }
    return [f"--k: {n} of {k.size} {what}" for what, n in cases.items() if n]


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        if _CHAIN.search(text):
            raise ValueError("a key of more than 50 parts")
        known = tomllib.loads(text)
    except OSError as error:
        raise FileError(f"{file}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}: not a TOML file: {error}") from error
    for key in known:
        if key not in KEYS:
            raise InputError(f"{file}: unknown key {key!r}; allowed: {', '.join(KEYS)}")
    return known


def _values(given: dict[str, Any], folder: Path, notes: list[str]) -> dict[str, Any]:
    return dict(_value(key, value, folder, notes) for key, value in given.items())


def _value(key: str, value: Any, folder: Path, notes: list[str]) -> tuple[str, Any]:
    """Return the plan's name for a key, and its value."""
    if key in VARIABLES:
        return key, _axis(key, value, folder, notes)
    if key == "spectrum":
        return key, _spectrum(value, folder, notes)
    if key == "quantity":
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list | tuple):
            raise InputError(f"{value!r} is no name or list of names", "quantity")
        return "quantities", [str(name) for name in names]
    if key == "tol":
        try:
            return key, float(value)
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"{value!r} is no number", "tol") from None
    return key, str(value)


def _axis(key: str, value: Any, folder: Path, notes: list[str]) -> Axis:
    def report(line: str) -> None:
        notes.append(f"--{key}: {line}")

    with _keyed(key):
        if isinstance(value, str):
            return read_axis(value, folder=folder, spectra=key == "k", report=report)
        numbers = value if isinstance(value, list) else [value]
        if not all(type(number) in (int, float) for number in numbers):
            raise InputError(f"{value!r} is no number or list of numbers")
        return Axis.of(value)


def _spectrum(value: Any, folder: Path, notes: list[str]) -> Spectrum:
    with _keyed("spectrum"):
        spectrum = load_spectrum(
            value if value in bundled_spectra() else folder / str(value)
        )
        left_out = zero_modes(spectrum.name, spectrum.zeros, len(spectrum))
    if left_out:
        notes.append(f"--spectrum: {left_out}")
    if not spectrum.kmin_converged:
        notes.append(
            f"--spectrum: kmin {spectrum.positive.k[0]:.6g} has not converged; the "
            "true one may be far smaller, and rates with it"
        )
    return spectrum


@contextmanager
def _keyed(key: str) -> Iterator[None]:
    """Say of what goes wrong with a key which one it is."""
    try:
        with about(key):
            yield
    except OverflowError as error:
        raise InputError(str(error), key) from error
    except FileError as error:
        raise FileError(f"--{key}: {error}") from error
