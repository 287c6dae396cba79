"""Spectrum files, and those that are in the box."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from critdamp.engine.errors import InputError
from critdamp.engine.spectra.spectrum import Spectrum

from ..storage.bounded_read import read_bounded
from ..storage.new_hdf5 import new_hdf5
from ..storage.open_hdf5 import undamaged
from ..storage.os_errors import failures
from .kinds import SPECTRUM, open_kind
from .provenance import origin
from .spectrum_layout import LONG_NAMES, add_spectrum

_BUNDLED = Path(str(files("critdamp.data.bundled")))


def bundled_spectra() -> list[str]:
    """Return the names of the spectra that come with critdamp."""
    return sorted(path.stem for path in _BUNDLED.glob("*.h5"))


def load_spectrum(source: str | Path) -> Spectrum:
    """Return a spectrum, from a file or by the name of one in the box.

    Parameters
    ----------
    source : path of a spectrum file, or one of `boxed()`

    Raises
    ------
    InputError
        What is there is no spectrum, or there is nothing.
    """
    path = Path(source)
    if str(source) in bundled_spectra():
        path = _BUNDLED / f"{source}.h5"
    with failures(path, "read"):
        if not path.exists():
            raise InputError(
                f"{source}: no such file, nor a spectrum in the box "
                f"({', '.join(bundled_spectra())})"
            )
    with open_kind(path, SPECTRUM) as file, undamaged(path):
        there = [name for name in LONG_NAMES if name in file]
        values = {name: np.asarray(read_bounded(file[name])) for name in there}
        name = str(file.attrs.get("name", ""))
        limit = file.attrs.get("zero_tolerance")
        limit = None if limit is None else float(limit)
    try:
        return Spectrum(**values, name=name, tolerance=limit)
    except (InputError, TypeError, ValueError) as error:
        raise InputError(f"{source}: {error}") from error


def save_spectrum(
    spectrum: Spectrum, path: str | Path, provenance: Mapping[str, Any]
) -> None:
    """Write a spectrum file, whole or not at all.

    Parameters
    ----------
    spectrum : what to write
    path : of the file; one that is there is replaced
    provenance : attributes that say how it was made

    Raises
    ------
    FileError
        The disk fails.
    """
    known = {
        "format": SPECTRUM.format,
        "format_version": SPECTRUM.version,
        "Conventions": "CF-1.11",
        "title": f"spectrum {spectrum.name}",
        "NX_class": "NXdata",
        "signal": "k",
        "auxiliary_signals": ["weights", "displacement"],
        "axes": ["mode"],
        "name": spectrum.name,
        **origin(),
        **provenance,
    }
    if spectrum.tolerance is not None:
        known["zero_tolerance"] = spectrum.tolerance
    target = Path(path)
    with failures(target, "write"), new_hdf5(target) as file:
        add_spectrum(file, spectrum)
        for name, value in known.items():
            file.attrs[name] = value
