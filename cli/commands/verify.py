"""`critdamp verify`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from critdamp.data.inputs.matrix_files import read_matrix
from critdamp.data.problems.tasks import TASKS, task_of
from critdamp.engine.backends.ufuncs import heavy_ball
from critdamp.engine.errors import InputError
from critdamp.engine.simulation.coupled import Verification, verify
from critdamp.engine.simulation.training import Training, verify_training
from critdamp.engine.spectra.per_weight import inverse_diagonal

from ..arguments.methods import method_of, method_option, variable_options
from ..arguments.options import json_option
from ..terminal.formatting import emit
from ..terminal.tables import print_table


@click.command("verify")
@click.argument("source", metavar="HESSIAN", required=False)
@click.option("--problem", metavar="NAME", help=f"In its place, {', '.join(TASKS)}.")
@variable_options("VALUE", type=float)
@method_option()
@click.option(
    "--per-weight", is_flag=True, help="Learning rates eps/h_ii for each weight."
)
@click.option("--train", is_flag=True, help="Train the problem, from near its minimum.")
@click.option(
    "--scale", type=float, metavar="S", help="Of --train: |w(0) - w*| / |w*|.  [1e-4]"
)
@click.option("--tol", type=float, default=1e-6, metavar="TOL", help="[1e-6]")
@click.option(
    "--steps", type=int, default=10_000, metavar="N", help="At most.  [10000]"
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, help="Of the start.  [0]"
)
@json_option()
def command(
    source: str | None,
    problem: str | None,
    train: bool,
    scale: float | None,
    per_weight: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Run the coupled iteration on a Hessian beside its decoupled modes.

    Both start from the same random w. Shown are the largest relative difference, which
    is rounding, and the iterations that either takes to settle. A sparse matrix beyond
    2,000 rows is taken as it is, and has the modes that the start is made of.

    With --train a problem in the box is trained, full batch with momentum, from a small
    displacement: the iterations it takes, beside those that its modes predict.
    """
    if (source is None) == (problem is None):
        raise click.UsageError("give HESSIAN or --problem, and not both")
    if train and (problem is None or per_weight):
        raise click.UsageError("--train: goes with --problem, without --per-weight")
    if scale is not None and not train:
        raise click.UsageError("--scale: goes with --train")
    found: Training | Verification
    if train:
        task = task_of(str(problem), _report)
        how["scale"] = 1e-4 if scale is None else scale
        method, given = method_of(how)
        if method.method is not heavy_ball.method:
            raise click.UsageError("--train: trains with --method heavy_ball")
        eps, p = map(float, method.values(given).values())
        found = verify_training(
            task.gradient, task.minimiser, task.hessian, eps, p, **how
        )
    else:
        found = _beside_modes(source, problem, per_weight, how)
    record = asdict(found)
    if as_json:
        emit(record)
        return
    words = {**record, "difference": f"{found.difference:.2e}"}
    print_table(["", ""], [[name, _text(value)] for name, value in words.items()])


def _beside_modes(
    source: str | None, problem: str | None, per_weight: bool, how: dict[str, Any]
) -> Verification:
    matrix = read_matrix(source) if source else task_of(str(problem), _report).hessian
    if isinstance(matrix, dict):
        raise InputError(f"{source}: holds several arrays; say which one, as FILE:NAME")
    method, given = method_of(how)
    if per_weight:
        given["eps"] = given["eps"] * inverse_diagonal(matrix)
    return verify(matrix, method=method, **given, **how)


def _report(line: str) -> None:
    click.echo(line, err=True)


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else f"{value}"
