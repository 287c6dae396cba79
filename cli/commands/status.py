"""`critdamp status`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from critdamp.data.chunks.blocks import ranges
from critdamp.data.shards.folder import RunFolder
from critdamp.data.sweeps.check import Damage, check_file
from critdamp.data.sweeps.status import status
from critdamp.engine.errors import FileError

from ..arguments.options import FILE, json_option
from ..terminal.exit_status import Incomplete
from ..terminal.formatting import emit, nbytes


@click.command("status")
@click.argument("output", type=FILE)
@click.option(
    "--check", "--verify", "check", is_flag=True, help="Read all, for changed bytes."
)
@json_option()
def command(output: Path, check: bool, as_json: bool) -> None:
    """Say how far a sweep is.

    The exit status is 3 while tiles are missing, also while the sweep is running. Only
    what survives a kill counts. With --verify every byte is held against its checksum:
    blocks that have changed are named, the exit status is 1, and `critdamp resume`
    computes them again.
    """
    damage = check_file(output) if check else []
    if as_json:
        emit(_record(output, check, damage))
    else:
        for one in damage:
            click.echo(f"{one.path}: damaged: {one}")
    if damage:
        beside = Damage(RunFolder.of(output).path, "", ()) in damage
        how = "make it again" if beside else "`critdamp resume` computes maps again"
        raise FileError(f"{output}: {len(damage)} damaged; {how}")
    now = status(output)
    if not as_json:
        share = now.done_points / now.points
        state = "complete" if now.complete else "unfinished"
        click.echo(
            f"{output}: {state}, {now.done} of {now.tiles} tiles, "
            f"{now.done_points:,} of {now.points:,} points ({share:.1%}), "
            f"{nbytes(now.nbytes)}"
        )
        if not now.complete:
            click.echo(RunFolder(now.path).kept(), err=True)
    if not now.complete:
        raise Incomplete


def _record(output: Path, check: bool, damage: list[Damage]) -> dict[str, Any]:
    """Return what there is to say, and with --verify what is damaged."""
    if not check:
        return asdict(status(output))
    found = [
        {"path": str(one.path), "quantity": one.quantity, "where": ranges(one.where)}
        for one in damage
    ]
    known = {} if damage else asdict(status(output))
    return {**known, "damaged": found}
