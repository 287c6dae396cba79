"""`critdamp sweep`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from critdamp.data.formats.run_file import open_run
from critdamp.data.shards.folder import RunFolder
from critdamp.data.sweeps.disk_space import estimate
from critdamp.data.sweeps.sweep import sweep
from critdamp.engine.maps.plan import DTYPES, Plan
from critdamp.engine.modes.methods import VARIABLES
from critdamp.engine.quantities.registry import QUANTITIES
from critdamp.engine.spectrum_quantities.registry import names_of

from ..arguments.methods import method_option, variable_options
from ..arguments.options import FILE, memory_option, running_options
from ..arguments.plans import make_plan
from ..terminal.formatting import command_line, duration, nbytes
from ..terminal.interrupts import compute


@click.command("sweep")
@click.argument("plan", required=False, type=FILE)
@click.option("--like", type=FILE, metavar="RUN", help="Use the plan of this run file.")
@variable_options("AXIS", VARIABLES)
@click.option(
    "--spectrum", metavar="NAME|FILE", help="A whole spectrum, instead of --k."
)
@method_option(default=None)
@click.option(
    "--quantity",
    multiple=True,
    metavar="NAME",
    help=f"A quantity; may be repeated. One of {', '.join(QUANTITIES)}; with "
    f"--spectrum {', '.join(names_of(True))}.  [spectral_radius]",
)
@click.option("--tol", type=float, help="Tolerance of settling times.  [1e-6]")
@click.option(
    "--dtype", type=click.Choice(DTYPES), help="The type of stored floats.  [float64]"
)
@click.option("-o", "--output", required=True, type=FILE, help="The run file.")
@click.option("--force", is_flag=True, help="Replace an existing output.")
@click.option(
    "--dry-run", is_flag=True, help="Print the size and the expected time only."
)
@click.option("--keep-shards", is_flag=True, help="Keep the folder of shards.")
@click.option("--no-compression", is_flag=True, help="Store chunks uncompressed.")
@memory_option()
@running_options()
def command(
    plan: Path | None,
    like: Path | None,
    output: Path,
    force: bool,
    dry_run: bool,
    keep_shards: bool,
    no_compression: bool,
    threads: int | None,
    backend: str,
    quiet: bool,
    **options: Any,
) -> None:
    """Compute maps over a grid into a run file.

    The grid is the product of the axes, each given as lin:START:STOP:NUM,
    log:START:STOP:NUM, values like 0.1,0.2, @FILE.npy or, for k, @SPECTRUM. With
    --spectrum instead of --k, the maps are over the parameters of the method, for the
    worst mode of the spectrum or for all of its modes together.

    PLAN is a TOML file whose keys are the axes, spectrum, method, quantity, tol and
    dtype. Options override its keys.
    """
    if like:
        swept = _plan_of_run(like, plan, options)
    else:
        swept = make_plan(plan, options, quiet)
    if dry_run:
        click.echo(_estimate(swept, threads, not no_compression))
        return
    compute(
        output,
        lambda progress, stop: sweep(
            swept,
            output,
            force=force,
            threads=threads,
            backend=backend,
            compression=not no_compression,
            keep_shards=keep_shards,
            command_line=command_line(),
            progress=progress,
            stop=stop,
        ),
        quiet,
    )


def _estimate(plan: Plan, threads: int | None, compression: bool) -> str:
    size = estimate(plan, threads, compression)
    return (
        f"{size.points:,} points, {nbytes(size.nbytes)}, about "
        f"{nbytes(size.stored)} in the file, in {size.tiles} tiles, "
        f"about {duration(size.seconds)}"
    )


def _plan_of_run(like: Path, plan: Path | None, options: dict[str, Any]) -> Plan:
    """Return the plan of a finished or unfinished run."""
    given = [name for name, value in options.items() if value not in (None, ())]
    if plan is not None or given:
        names = ", ".join(["PLAN"] * (plan is not None) + [f"--{n}" for n in given])
        raise click.UsageError(f"--like: gives the whole plan; leave out {names}")
    record = RunFolder.of(like).record() if not like.exists() else None
    if record is not None:
        return record.plan
    with open_run(like) as run:
        return run.plan
