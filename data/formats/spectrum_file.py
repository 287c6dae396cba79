"""Spectrum files, and the spectra bundled with critdamp."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from critdamp.engine.errors import FileError, InputError
from critdamp.engine.spectra.spectrum import Spectrum, require_spectrum

from ..storage.bounded_read import read_bounded
from ..storage.memory_budget import Budget, allowing
from ..storage.new_hdf5 import new_hdf5
from ..storage.open_hdf5 import undamaged
from ..storage.os_errors import failures
from ..storage.outputs import check_output
from .kinds import SPECTRUM, open_kind
from .provenance import add_attributes, origin
from .spectrum_layout import LONG_NAMES, add_spectrum

_BUNDLED = Path(str(files("critdamp.data.bundled")))


def bundled_spectra() -> list[str]:
    """Return the names of the bundled spectra."""
    return sorted(path.stem for path in _BUNDLED.glob("*.h5"))


def load_spectrum(
    source: str | Path, *, max_memory: float | str | None = None
) -> Spectrum:
    """Return the spectrum of a file, or a bundled one by its name.

    Parameters
    ----------
    source : path of a spectrum file, or one of `bundled_spectra()`
    max_memory : bytes that reading it may take, or a text like "4GB"; by default half
        of what is free, and 100 times the size of the file

    Raises
    ------
    InputError
        There is no such file or bundled spectrum, or the values are not a spectrum.
    FileError
        The file is damaged, of another kind, written by a newer critdamp, or takes more
        memory.
    """
    with allowing(max_memory):
        return _load(source)


def _load(source: str | Path) -> Spectrum:
    path = Path(source)
    if str(source) in bundled_spectra():
        path = _BUNDLED / f"{source}.h5"
    with failures(path, "read"):
        if not path.exists():
            raise InputError(
                f"{source}: no such file, nor a bundled spectrum "
                f"({', '.join(bundled_spectra())})"
            )
    with open_kind(path, SPECTRUM) as file, undamaged(path):
        names = [name for name in LONG_NAMES if name in file]
        budget = Budget(path)
        values = {n: np.asarray(read_bounded(file[n], budget)) for n in names}
        name = str(file.attrs.get("name", ""))
        tolerance = file.attrs.get("zero_tolerance")
        tolerance = None if tolerance is None else float(tolerance)
        dropped = float(file.attrs.get("negative_modes_dropped", 0.0))
        if not 0.0 <= dropped < np.inf:
            raise FileError(f"{path}: damaged: {dropped} negative modes dropped")
    try:
        return Spectrum(
            **values, name=name, tolerance=tolerance, negatives_dropped=dropped
        )
    except (InputError, TypeError, ValueError) as error:
        raise InputError(f"{source}: {error}") from error


def save_spectrum(
    spectrum: Spectrum,
    path: str | Path,
    provenance: Mapping[str, Any] = MappingProxyType({}),
    *,
    force: bool = True,
) -> None:
    """Write a spectrum file atomically.

    Parameters
    ----------
    spectrum : spectrum to write
    path : path of the file
    provenance : more root attributes, which record how the spectrum was computed
    force : whether an existing file may be replaced

    Raises
    ------
    OutputExistsError
        The file exists, before or in the end, and `force` is False.
    FileError
        The file cannot be written.
    """
    require_spectrum(spectrum)
    attributes = {
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
        attributes["zero_tolerance"] = spectrum.tolerance
    if spectrum.negatives_dropped:
        attributes["negative_modes_dropped"] = spectrum.negatives_dropped
    target = check_output(Path(path), force)
    with failures(target, "write"), new_hdf5(target, force) as file:
        add_spectrum(file, spectrum)
        add_attributes(file, attributes)
