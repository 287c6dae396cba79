"""`critdamp export`."""

from __future__ import annotations

from pathlib import Path

import click

from critdamp.data.exports.export import ending_of, export

from ..arguments.options import FILE
from ..arguments.outputs import check_output
from ..terminal.formatting import nbytes


@click.command("export")
@click.argument("source", type=FILE, metavar="RUN")
@click.option(
    "-o",
    "--output",
    required=True,
    type=FILE,
    metavar="OUT",
    help="Ends in .csv, .npz, .nc or .parquet, which names the format.",
)
@click.option(
    "--quantity",
    multiple=True,
    metavar="NAME",
    help="May be repeated; all that are there by default.",
)
@click.option("--force", is_flag=True, help="Replace an output that exists.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    source: Path, output: Path, quantity: tuple[str, ...], force: bool, quiet: bool
) -> None:
    """Write a run, a spectrum or a trajectory for other programs.

    .csv and .parquet have a row for each point, the axes before the quantities; .npz
    has an array for each; .nc is netCDF-4. What was not computed is NaN, or -128 where
    numbers are codes.
    """
    ending_of(output)
    check_output(output, force)
    points = export(source, output, quantity)
    if not quiet:
        size = nbytes(output.stat().st_size)
        click.echo(f"{output}: {points:,} points, {size}", err=True)
