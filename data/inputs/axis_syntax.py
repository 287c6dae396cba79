"""Syntax of axes: `lin:0:0.999:400`, `0.1,0.2`, `@file`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from critdamp.engine.callbacks import ignore
from critdamp.engine.errors import InputError
from critdamp.engine.maps.axis import Axis

from ..formats.spectrum_file import bundled_spectra, load_spectrum
from .matrix_files import check_input, is_text, read_vector, reading
from .numpy_files import read_npy
from .text import counted, parse_number, parse_whole_number

_ALLOWED = (
    "write lin:START:STOP:NUM, log:START:STOP:NUM, values like 0.1,0.2, @FILE.npy or "
    "another file of values, or @SPECTRUM"
)


def read_axis(
    text: str,
    *,
    folder: Path = Path(),
    spectra: bool = False,
    report: Callable[[str], object] = ignore,
) -> Axis:
    """Return the axis that a text describes.

    Parameters
    ----------
    text : `lin:0:0.999:400`, `log:1e-4:4:400`, `0.1,0.2,0.5`, `@file.npy` or a text
        file, or a spectrum, `@file.h5` or `@digits-softmax`, whose distinct positive
        curvatures are the values
    folder : folder of a relative @file
    spectra : whether a spectrum is allowed, as for k
    report : called with a message on modes of a spectrum that are left out

    Raises
    ------
    InputError
        The text has another form, or the values are not an axis.
    FileError
        The file of a spectrum is damaged.
    """
    if text.startswith("@"):
        return _from_file(text[1:], folder, spectra, report)
    scale, colon, rest = text.partition(":")
    if not colon:
        return Axis.of([_number(part, text) for part in text.split(",")])
    fields = rest.split(":")
    if scale not in ("lin", "log") or len(fields) != 3:
        raise InputError(f"{text!r}: {_ALLOWED}")
    start, stop = (_number(part, text) for part in fields[:2])
    num = parse_whole_number(fields[2])
    if num is None:
        raise InputError(f"{text!r}: {fields[2]!r} is not a number of values")
    space = Axis.lin if scale == "lin" else Axis.log
    return space(start, stop, num)


def _number(part: str, text: str) -> float:
    number = parse_number(part)
    if not isinstance(number, float):
        raise InputError(f"{text!r}: {part!r} is not a number; {_ALLOWED}")
    return number


def _from_file(
    name: str, folder: Path, spectra: bool, report: Callable[[str], object]
) -> Axis:
    path = folder / name
    if is_text(path):
        return _of_values(path, read_vector(path))
    if not name.endswith(".npy"):
        if not spectra:
            raise InputError(f"{f'@{name}'!r}: only k takes a spectrum; {_ALLOWED}")
        return _from_spectrum(name if name in bundled_spectra() else str(path), report)
    with reading(path, " as .npy"):
        check_input(path)
        values = read_npy(path)
    return _of_values(path, values)


def _of_values(path: Path, values: Any) -> Axis:
    try:
        return Axis.of(values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _from_spectrum(source: str, report: Callable[[str], object]) -> Axis:
    """Return the axis of the distinct positive curvatures of a spectrum."""
    spectrum = load_spectrum(source)
    positive = spectrum.positive
    known = spectrum.summary()
    zeros, modes = round(known["zero_modes"]), round(known["modes"])
    message = zero_modes(spectrum.name, zeros, modes)
    if message:
        report(message)
    values = positive.distinct
    repeated = len(positive) - values.size
    if repeated:
        verb = "is" if repeated == 1 else "are"
        report(f"{counted(repeated, 'repeated curvature')} {verb} taken once")
    return Axis.of(values)


def zero_modes(name: str, zeros: int, modes: int) -> str:
    """Return a message on the zero modes that are left out, empty if there are none.

    Parameters
    ----------
    name : name of the spectrum
    zeros, modes : number of zero modes, and of all modes
    """
    if not zeros:
        return ""
    left_out = counted(zeros, "zero mode")
    return f"spectrum {name}: {left_out} of {modes} left out (k = 0 never moves)"
