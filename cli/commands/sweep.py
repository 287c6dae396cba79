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
from critdamp.engine.modes.methods import METHODS, VARIABLES
from critdamp.engine.quantities.registry import QUANTITIES
from critdamp.engine.spectrum_quantities.registry import names_of

from ..arguments.methods import variable_options
from ..arguments.options import FILE, running_options
from ..arguments.plans import make_plan
from ..terminal.formatting import command_line, nbytes
from ..terminal.interrupts import compute


@click.command("sweep")
@click.argument("plan", required=False, type=FILE)
@click.option("--like", type=FILE, metavar="RUN", help="The plan of a run file again.")
@variable_options("AXIS", VARIABLES)
@click.option("--spectrum", metavar="NAME|FILE", help="A whole spectrum, not --k.")
@click.option("--method", metavar="NAME", help=f"{', '.join(METHODS)}.  [heavy_ball]")
@click.option(
    "--quantity",
    multiple=True,
    metavar="NAME",
    help=f"May be repeated: {', '.join(QUANTITIES)}; with --spectrum "
    f"{', '.join(names_of(True))}.  [spectral_radius]",
)
@click.option("--tol", type=float, help="Tolerance of settling times.  [1e-6]")
@click.option("--dtype", metavar="NAME", help=f"{' or '.join(DTYPES)}.  [float64]")
@click.option("-o", "--output", required=True, type=FILE, help="The run file.")
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.option("--dry-run", is_flag=True, help="Only say how large it is.")
@click.option("--keep-shards", is_flag=True, help="Leave the shards beside it.")
@click.option("--no-compression", is_flag=True, help="Store chunks as they are.")
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
    --spectrum in place of --k the maps are over (eps, p) for the whole spectrum: its
    worst mode, or all of its modes together.

    PLAN is a TOML file whose keys are the names of these options from --eps to --dtype;
    what is typed overrides it.
    """
    made = _again(like, plan, options) if like else make_plan(plan, options, quiet)
    if dry_run:
        size = estimate(made, threads, not no_compression)
        click.echo(
            f"{size.points:,} points, {nbytes(size.nbytes)}, about "
            f"{nbytes(size.stored)} in the file, in {size.tiles} tiles, "
            f"about {size.seconds:.2g} s"
        )
        return
    compute(
        output,
        lambda progress, stop: sweep(
            made,
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


def _again(like: Path, plan: Path | None, options: dict[str, Any]) -> Plan:
    """Return the plan that a run, finished or not, was made from."""
    given = [name for name, value in options.items() if value not in (None, ())]
    if plan is not None or given:
        names = ", ".join(["PLAN"] * (plan is not None) + [f"--{n}" for n in given])
        raise click.UsageError(f"--like: has a whole plan, {names} cannot be with it")
    record = RunFolder.of(like).record() if not like.exists() else None
    if record is not None:
        return record.plan
    with open_run(like) as run:
        return run.plan
