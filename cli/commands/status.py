"""`critdamp status`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from critdamp.data.chunks.blocks import ranges
from critdamp.data.shards.folder import RunFolder
from critdamp.data.sweeps.check import Damage, check_file
from critdamp.data.sweeps.status import Status, status
from critdamp.engine.errors import FileError

from ..arguments.options import FILE, json_option, memory_option
from ..terminal.exit_status import Incomplete
from ..terminal.formatting import emit, nbytes


@click.command("status")
@click.argument("output", type=FILE)
@click.option(
    "--check",
    "--verify",
    "check",
    is_flag=True,
    help="Read the whole file and check its checksums.",
)
@memory_option()
@json_option()
def command(output: Path, check: bool, as_json: bool) -> None:
    """Show the progress of a sweep.

    The exit status is 3 while tiles are missing, also while the sweep is running. Only
    tiles in finished shards are counted, which survive a kill. With --check every byte
    is checked against its checksum: damaged blocks are listed, the exit status is 1,
    and `critdamp resume` computes them again.
    """
    damage = check_file(output) if check else []
    if as_json:
        emit(_record(output, check, damage))
    else:
        for block in damage:
            click.echo(f"{block.path}: damaged: {block}")
    if damage:
        folder_damaged = Damage(RunFolder.of(output).name, "", ()) in damage
        advice = (
            "make it again"
            if folder_damaged
            else "`critdamp resume` computes maps again"
        )
        raise FileError(f"{output}: {len(damage)} damaged; {advice}")
    progress = status(output)
    if not as_json:
        _show(output, progress)
    if not progress.complete:
        raise Incomplete


def _show(output: Path, progress: Status) -> None:
    share = progress.done_points / progress.points
    state = "complete" if progress.complete else "unfinished"
    click.echo(
        f"{output}: {state}, {progress.done} of {progress.tiles} tiles, "
        f"{progress.done_points:,} of {progress.points:,} points ({share:.1%}), "
        f"{nbytes(progress.nbytes)}"
    )
    if not progress.complete:
        click.echo(RunFolder(progress.path).kept(), err=True)


def _record(output: Path, check: bool, damage: list[Damage]) -> dict[str, Any]:
    """Return the record of --json; with --check it includes the damaged blocks."""
    if not check:
        return asdict(status(output))
    blocks = [
        {
            "path": str(block.path),
            "quantity": block.quantity,
            "where": ranges(block.where),
        }
        for block in damage
    ]
    progress = {} if damage else asdict(status(output))
    return {**progress, "damaged": blocks}
