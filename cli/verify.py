"""`critdamp verify`."""

from __future__ import annotations

from dataclasses import asdict

import click
import numpy as np

from critdamp.data.matrices import read_matrix
from critdamp.engine.coupled import verify
from critdamp.engine.errors import InputError

from .options import emit, json_option
from .tables import print_table


@click.command("verify")
@click.argument("source", metavar="HESSIAN")
@click.option("--eps", type=float, required=True, metavar="E", help="Learning rate.")
@click.option("--p", type=float, default=0.0, metavar="P", help="Momentum.  [0]")
@click.option("--tol", type=float, default=1e-6, metavar="TOL", help="[1e-6]")
@click.option(
    "--steps", type=int, default=10_000, metavar="N", help="At most.  [10000]"
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, help="Of the start.  [0]"
)
@json_option()
def command(
    source: str, eps: float, p: float, tol: float, steps: int, seed: int, as_json: bool
) -> None:
    """Run the coupled iteration on a Hessian beside its decoupled modes.

    Both start from the same random w. Shown are the largest relative difference, which
    is rounding, and the iterations that either takes to settle.
    """
    matrix = read_matrix(source)
    if hasattr(matrix, "toarray"):
        matrix = matrix.toarray()
    if not isinstance(matrix, np.ndarray):
        raise InputError(f"{source}: holds several arrays; say which one, as FILE:NAME")
    found = verify(matrix, eps, p, tol=tol, steps=steps, seed=seed)
    record = asdict(found)
    if as_json:
        emit(record)
        return
    words = {**record, "difference": f"{found.difference:.2e}"}
    print_table(["", ""], [[name, f"{value}"] for name, value in words.items()])
