"""`critdamp info`."""

from __future__ import annotations

from typing import Any

import click

from critdamp.data.provenance import session
from critdamp.data.spectra import boxed
from critdamp.engine.backends import backends
from critdamp.engine.cache import cache_dir
from critdamp.engine.kernels import default_threads, threading_layer
from critdamp.engine.methods import METHODS
from critdamp.engine.quantities import QUANTITIES
from critdamp.engine.whole import names_of

from .options import emit, json_option
from .tables import print_table


@click.command("info")
@json_option()
def command(as_json: bool) -> None:
    """Show versions, threads, kernels and what is in the box."""
    known = _record()
    if as_json:
        emit(known)
        return
    lists = {name: ", ".join(v) for name, v in known.items() if isinstance(v, list)}
    print_table(["", ""], [[name, f"{v}"] for name, v in {**known, **lists}.items()])


def _record() -> dict[str, Any]:
    here = session(None, default_threads(), "numba")
    for name in ("source", "command_line", "date_started", "backend"):
        del here[name]
    usable = [name for name, there in backends().items() if there]
    return {
        **here,
        "threading_layer": threading_layer(),
        "backends": usable,
        "kernel_cache": str(cache_dir()),
        "methods": list(METHODS),
        "quantities": list(QUANTITIES),
        "quantities_of_a_spectrum": names_of(True),
        "spectra": boxed(),
    }
