"""`critdamp status`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from critdamp.data.parts import Parts
from critdamp.data.sweeps import status

from .failures import Incomplete
from .options import FILE, emit, json_option, nbytes


@click.command("status")
@click.argument("output", type=FILE)
@json_option()
def command(output: Path, as_json: bool) -> None:
    """Say how far a sweep is.

    The exit status is 3 while tiles are missing, also while the sweep is running. Only
    what survives a kill counts.
    """
    now = status(output)
    if as_json:
        emit(asdict(now))
    else:
        share = now.done_points / now.points
        state = "complete" if now.complete else "unfinished"
        click.echo(
            f"{output}: {state}, {now.done} of {now.tiles} tiles, "
            f"{now.done_points:,} of {now.points:,} points ({share:.1%}), "
            f"{nbytes(now.nbytes)}"
        )
        if not now.complete:
            click.echo(Parts(now.path).kept(), err=True)
    if not now.complete:
        raise Incomplete
