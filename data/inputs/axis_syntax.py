"""Axes as people write them: `lin:0:0.999:400`, `0.1,0.2`, `@file`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from critdamp.engine.callbacks import ignore
from critdamp.engine.errors import InputError
from critdamp.engine.maps.axis import Axis

from ..formats.spectrum_file import bundled_spectra, load_spectrum
from .matrix_files import reading
from .text import parse_whole_number

_ALLOWED = (
    "write lin:START:STOP:NUM, log:START:STOP:NUM, values like 0.1,0.2, @FILE.npy, "
    "or @SPECTRUM"
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
    text : `lin:0:0.999:400`, `log:1e-4:4:400`, `0.1,0.2,0.5`, `@file.npy`, or a
        spectrum, `@file.h5` or `@digits-softmax`, of which the distinct positive
        curvatures are taken
    folder : where a relative @file is looked for
    spectra : whether a spectrum is allowed, as it is for k
    report : called with a line on what of a spectrum was left out

    Raises
    ------
    InputError
        The text is none of these, or the values are no axis.
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
        raise InputError(f"{text!r}: {fields[2]!r} is no number of values")
    space = Axis.lin if scale == "lin" else Axis.log
    return space(start, stop, num)


def _number(part: str, text: str) -> float:
    try:
        return float(part)
    except ValueError:
        raise InputError(f"{text!r}: {part!r} is no number; {_ALLOWED}") from None


def _from_file(
    name: str, folder: Path, spectra: bool, report: Callable[[str], object]
) -> Axis:
    path = folder / name
    if not name.endswith(".npy"):
        if not spectra:
            raise InputError(f"{f'@{name}'!r}: only k takes a spectrum; {_ALLOWED}")
        return _from_spectrum(name if name in bundled_spectra() else str(path), report)
    with reading(path, " as .npy"):
        if not path.is_file():
            raise InputError(f"{path}: no such file")
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        kind = getattr(values, "dtype", "an archive")
        raise InputError(f"{path}: holds {kind}, real numbers are needed")
    try:
        return Axis.of(values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _from_spectrum(source: str, report: Callable[[str], object]) -> Axis:
    spectrum = load_spectrum(source)
    positive = spectrum.positive
    left_out = zero_modes(spectrum.name, spectrum.zeros, len(spectrum))
    if left_out:
        report(left_out)
    values = np.unique(positive.k)
    if values.size < len(positive):
        report(f"{len(positive) - values.size} repeated curvatures are taken once")
    return Axis.of(values)


def zero_modes(name: str, zeros: int, modes: int) -> str:
    """Say how many zero modes of a spectrum are left out; nothing if there is none."""
    if not zeros:
        return ""
    what = "zero mode" if zeros == 1 else "zero modes"
    return f"spectrum {name}: {zeros} {what} of {modes} left out (k = 0 never moves)"
