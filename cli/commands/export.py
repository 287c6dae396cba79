"""`critdamp export`."""

from __future__ import annotations

from pathlib import Path

import click

from critdamp.data.exports.export import ending_of, export
from critdamp.data.storage.outputs import check_output

from ..arguments.options import FILE, memory_option
from ..terminal.formatting import nbytes, rate
from ..terminal.progress import progress_bar

# bytes of an output from which on its size is told before
_LARGE = 10_000_000


@click.command("export")
@click.argument("source", type=FILE, metavar="RUN")
@click.option(
    "-o",
    "--output",
    required=True,
    type=FILE,
    metavar="OUT",
    help="The output file; .csv, .npz, .nc or .parquet gives the format.",
)
@click.option(
    "--quantity",
    multiple=True,
    metavar="NAME",
    help="A quantity to write; may be repeated; all by default.",
)
@click.option("--force", is_flag=True, help="Replace an existing output.")
@memory_option()
@click.option("--quiet", is_flag=True, help="Print errors only.")
def command(
    source: Path, output: Path, quantity: tuple[str, ...], force: bool, quiet: bool
) -> None:
    """Write a run, a spectrum or a trajectory in another format.

    .csv and .parquet have a row for each point, with the axes first and then the
    quantities; .npz has an array for each axis and quantity; .nc is netCDF-4. Values
    that were not computed are NaN, or -128 for codes.
    """
    ending_of(output)
    check_output(output, force)

    def report(points: int, size: int) -> None:
        if not quiet and size >= _LARGE:
            click.echo(f"{points:,} points, about {nbytes(size)}", err=True)

    with progress_bar(quiet, lambda speed: rate(speed, "points")) as progress:
        points = export(
            source, output, quantity, force=force, report=report, progress=progress
        )
    if not quiet:
        size = nbytes(output.stat().st_size)
        click.echo(f"{output}: {points:,} points, {size}", err=True)
