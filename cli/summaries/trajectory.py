"""The summary of a trajectory file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from critdamp.data.formats.trajectory_summary import trajectory_summary
from critdamp.engine.spectra.groups import count_text

from ..terminal.formatting import short
from ..terminal.tables import print_table
from .spectrum import made_by


def record_of_trajectory(path: Path) -> dict[str, Any]:
    """Return the record of a trajectory file for JSON."""
    return {"kind": "trajectory", **trajectory_summary(path)}


def show_trajectory(path: Path) -> None:
    """Print the summary of a trajectory file."""
    known = record_of_trajectory(path)
    modes = count_text(known["modes"], known["modes"] != round(known["modes"]))
    rows = {
        "kind": "trajectory",
        "spectrum": f"{known['spectrum'] or 'unnamed'}, {modes} modes",
        "point": ", ".join(f"{name}={v}" for name, v in known["point"].items()),
        "steps": "" if known["steps"] is None else f"{known['steps']}",
        "records": f"{known['records']}, {known['axis']} = {known['first']:.6g} to "
        f"{known['last']:.6g}",
        "arrays": ", ".join(known["arrays"]),
    }
    print_table(["", ""], [[name, text] for name, text in rows.items() if text])
    ends = [
        [name, short(end["first"]), short(end["last"])]
        for name, end in known["ends"].items()
    ]
    print_table(["", "first", "last"], ends)
    print_table(["provenance", ""], made_by(known["provenance"]))
