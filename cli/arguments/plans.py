"""The plan of a sweep, from options and a TOML file whose keys are options."""

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
from critdamp.engine.errors import CritdampError, FileError, InputError
from critdamp.engine.maps.axis import Axis
from critdamp.engine.maps.plan import Plan
from critdamp.engine.modes.methods import SYNONYMS, VARIABLES
from critdamp.engine.spectra.cautions import cautions
from critdamp.engine.spectra.spectrum import Spectrum
from critdamp.engine.validation import about

from .small_files import read_small

# a.b.c…: the time of tomllib is quadratic in the number of parts
_CHAIN = re.compile(r"""(?<![\w"'-])(?:[\w"'-]+[ \t]*\.[ \t]*){50}""")
KEYS = (*VARIABLES, "method", "quantity", "spectrum", "tol", "dtype")


def make_plan(file: Path | None, options: dict[str, Any], quiet: bool) -> Plan:
    """Return the plan of options and a TOML file; options override keys of the file.

    Parameters
    ----------
    file : TOML file with keys from `KEYS`; paths in it are relative to its folder
    options : key → value; None and () for options that were not given
    quiet : do not print notes on zero modes and convergence

    Raises
    ------
    InputError
        A key is unknown, or a value is not allowed.
    """
    given = {key: value for key, value in options.items() if value not in (None, ())}
    notes: list[str] = []
    values = _values_of_file(file, given, notes) if file else {}
    plan = Plan(**values | _values(given, Path(), notes))
    notes += _curvature_notes(plan)
    if notes and not quiet:
        click.echo("\n".join(notes), err=True)
    return plan


def _values_of_file(
    file: Path, given: dict[str, Any], notes: list[str]
) -> dict[str, Any]:
    """Return the arguments of Plan from a file, without those in `given`."""
    keys = _read(file)
    # k and spectrum exclude one another: the option wins
    for option, excluded in (("k", "spectrum"), ("spectrum", "k")):
        if option in given:
            keys.pop(excluded, None)
    keys = {key: value for key, value in keys.items() if key not in given}
    try:
        with about(str(file)):
            return _values(keys, file.parent, notes)
    except RecursionError:
        raise InputError(f"{file}: tables or lists nested too deeply") from None


def _curvature_notes(plan: Plan) -> list[str]:
    """Return notes on negative and zero curvatures on the axis of k."""
    k = plan.axes["k"].values if "k" in plan.axes else np.ones(1)
    cases = {
        "negative: w diverges there": np.count_nonzero(k < 0),
        "zero: w never moves there": np.count_nonzero(k == 0),
    }
    return [f"--k: {n} of {k.size} {case}" for case, n in cases.items() if n]


def _read(file: Path) -> dict[str, Any]:
    """Return the keys and values of a TOML file."""
    try:
        text = read_small(file).decode("utf-8-sig")
        if _CHAIN.search(text):
            raise ValueError("a key of more than 50 parts")
        keys = tomllib.loads(text)
    except CritdampError:
        raise
    except OSError as error:
        raise FileError(f"{file}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}: not a TOML file: {error}") from error
    named = {}
    for key, value in keys.items():
        name = SYNONYMS.get(key, key)
        if name not in KEYS:
            raise InputError(f"{file}: unknown key {key!r}; allowed: {', '.join(KEYS)}")
        if name in named:
            raise InputError(f"{file}: {name} is given twice, under two names")
        named[name] = value
    return named


def _values(keys: dict[str, Any], folder: Path, notes: list[str]) -> dict[str, Any]:
    return dict(_value(key, value, folder, notes) for key, value in keys.items())


def _value(key: str, value: Any, folder: Path, notes: list[str]) -> tuple[str, Any]:
    """Return an argument of Plan from a key: its name and value."""
    if key in VARIABLES:
        return key, _axis(key, value, folder, notes)
    if key == "spectrum":
        return key, _spectrum(value, folder, notes)
    if key == "quantity":
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list | tuple):
            raise InputError(f"{value!r} is not a name or list of names", "quantity")
        return "quantities", [str(name) for name in names]
    if key == "tol":
        try:
            return key, float(value)
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"{value!r} is not a number", "tol") from None
    return key, str(value)


def _axis(key: str, value: Any, folder: Path, notes: list[str]) -> Axis:
    def report(line: str) -> None:
        notes.append(f"--{key}: {line}")

    with _keyed(key):
        if isinstance(value, str):
            return read_axis(value, folder=folder, spectra=key == "k", report=report)
        numbers = value if isinstance(value, list) else [value]
        if not all(type(number) in (int, float) for number in numbers):
            raise InputError(f"{value!r} is not a number or list of numbers")
        return Axis.of(value)


def _spectrum(value: Any, folder: Path, notes: list[str]) -> Spectrum:
    with _keyed("spectrum"):
        spectrum = load_spectrum(
            value if value in bundled_spectra() else folder / str(value)
        )
        known = spectrum.summary()
        zeros, modes = round(known["zero_modes"]), round(known["modes"])
        note = zero_modes(spectrum.name, zeros, modes)
    if note:
        notes.append(f"--spectrum: {note}")
    notes += [f"--spectrum: {line}" for line in cautions(spectrum)]
    return spectrum


@contextmanager
def _keyed(key: str) -> Iterator[None]:
    """Add the key to the errors of the block."""
    try:
        with about(key):
            yield
    except OverflowError as error:
        raise InputError(str(error), key) from error
    except FileError as error:
        message = f"--{key}: {error.message or error}"
        raise FileError(message, advice=error.advice) from error
