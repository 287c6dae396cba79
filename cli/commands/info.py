"""`critdamp info`."""

from __future__ import annotations

from typing import Any

import click

from critdamp.data.formats.provenance import session
from critdamp.data.formats.spectrum_file import bundled_spectra
from critdamp.engine.backends.cache import cache_dir
from critdamp.engine.backends.compile import threading_layer
from critdamp.engine.backends.select import usable_backends
from critdamp.engine.backends.threads import default_threads
from critdamp.engine.modes.methods import METHODS
from critdamp.engine.quantities.registry import QUANTITIES
from critdamp.engine.spectrum_quantities.registry import names_of

from ..arguments.options import json_option
from ..terminal.formatting import emit
from ..terminal.tables import print_table


@click.command("info")
@json_option()
def command(as_json: bool) -> None:
    """Show versions, threads, backends, methods, quantities and bundled spectra."""
    record = _record()
    if as_json:
        emit(record)
        return
    print_table(["", ""], [[name, _text(value)] for name, value in record.items()])


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else f"{value}"


def _record() -> dict[str, Any]:
    provenance = session(None, default_threads(), "numba")
    for name in ("source", "command_line", "date_started", "backend"):
        del provenance[name]
    return {
        **provenance,
        "threading_layer": threading_layer(),
        "backends": usable_backends(),
        "kernel_cache": str(cache_dir()),
        "methods": list(METHODS),
        "quantities": list(QUANTITIES),
        "quantities_of_a_spectrum": names_of(True),
        "spectra": bundled_spectra(),
    }
