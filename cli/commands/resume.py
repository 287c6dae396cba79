"""`critdamp resume`."""

from __future__ import annotations

from pathlib import Path

import click

from critdamp.data.sweeps.sweep import resume

from ..arguments.options import FILE, memory_option, running_options
from ..arguments.plans import make_plan
from ..terminal.formatting import command_line
from ..terminal.interrupts import compute


@click.command("resume")
@click.argument("output", type=FILE)
@click.option(
    "--plan",
    type=FILE,
    help="Fail if the plan of the sweep is not that of this TOML file.",
)
@memory_option()
@running_options()
def command(
    output: Path, plan: Path | None, threads: int | None, backend: str, quiet: bool
) -> None:
    """Continue a sweep that was stopped or killed.

    The missing tiles of OUTPUT are computed, with the plan that the sweep was started
    with. A run that is complete is checked, and what has changed is computed again.
    """
    expected = make_plan(plan, {}, quiet) if plan else None
    compute(
        output,
        lambda progress, stop: resume(
            output,
            expected,
            threads=threads,
            backend=backend,
            command_line=command_line(),
            progress=progress,
            stop=stop,
        ),
        quiet,
    )
