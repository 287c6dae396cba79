"""The summary of a spectrum file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from critdamp.data.formats.kinds import SPECTRUM
from critdamp.data.formats.provenance import attributes_of
from critdamp.data.formats.spectrum_file import load_spectrum
from critdamp.engine.spectra.groups import count_text

from ..terminal.formatting import plain
from ..terminal.tables import print_table


def record_of_spectrum(path: Path) -> dict[str, Any]:
    """Return the record of a spectrum file for JSON."""
    spectrum = load_spectrum(path)
    return {
        "kind": "spectrum",
        "path": path,
        "name": spectrum.name,
        **spectrum.summary(),
        "provenance": attributes_of(path, SPECTRUM),
    }


def show_spectrum(path: Path) -> None:
    """Print the summary of a spectrum file."""
    known = record_of_spectrum(path)
    count = partial(count_text, is_estimated=load_spectrum(path).is_estimated)
    positive = known["kmin"] is not None
    converged = "yes" if known["kmin_converged"] else "no; the true kmin may be smaller"
    rows = {
        "kind": "spectrum",
        "name": known["name"],
        "modes": count(known["modes"]),
        "entries": f"{known['entries']}",
        "kmin": f"{known['kmin']:.17g}" if positive else "no mode is positive",
        "kmin converged": converged if positive else "",
        "kmax": f"{known['kmax']:.17g}",
        "condition": f"{known['condition']:.6g}" if positive else "",
        "zero modes": count(known["zero_modes"]),
        "negative modes": count(known["negative_modes"]),
    }
    print_table(["", ""], [[name, text] for name, text in rows.items() if text])
    print_table(["provenance", ""], made_by(known["provenance"]))


def made_by(attributes: dict[str, Any]) -> list[list[str]]:
    """Return the rows of a table that say how a file was made."""
    names = ("source", "command_line", "comment", "hostname", "date_created")
    return [[name, plain(attributes[name])] for name in names if name in attributes]
