"""`critdamp verify`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from critdamp.data.inputs.matrix_files import read_matrix
from critdamp.data.inputs.text_table import Layout
from critdamp.data.problems.tasks import TASKS, task_of
from critdamp.engine.backends.ufuncs import heavy_ball
from critdamp.engine.errors import InputError
from critdamp.engine.simulation.coupled import Verification, verify
from critdamp.engine.simulation.training import Training, verify_training
from critdamp.engine.spectra.per_weight import inverse_diagonal

from ..arguments.filters import filter_options
from ..arguments.methods import method_of, method_option, variable_options
from ..arguments.options import json_option, memory_option, table_options
from ..terminal.formatting import emit
from ..terminal.tables import print_table
from ..terminal.words import convergence, settling, with_radius


@click.command("verify")
@click.argument("source", metavar="HESSIAN", required=False)
@click.option(
    "--problem",
    metavar="NAME",
    help=f"A bundled problem instead of HESSIAN: {', '.join(TASKS)}.",
)
@table_options()
@variable_options("VALUE", type=float)
@method_option()
@click.option(
    "--per-weight", is_flag=True, help="Use the learning rate eps/h_ii for each weight."
)
@filter_options(zero="keep", negative="keep")
@click.option(
    "--train", is_flag=True, help="Train the problem from a point near its minimum."
)
@click.option(
    "--scale", type=float, metavar="S", help="For --train, |w(0) - w*| / |w*|.  [1e-4]"
)
@click.option(
    "--tol", type=float, default=1e-6, metavar="TOL", help="Tolerance.  [1e-6]"
)
@click.option(
    "--steps",
    type=int,
    default=10_000,
    metavar="N",
    help="Largest number of iterations.  [10000]",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    help="Seed of the random start.  [0]",
)
@memory_option()
@json_option()
def command(
    source: str | None,
    problem: str | None,
    train: bool,
    scale: float | None,
    per_weight: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Compare the coupled iteration on a Hessian with its decoupled modes.

    Both start from the same random w. The output has the largest relative difference,
    which is rounding, and both settling times. For a sparse matrix of more than 2,000
    rows the modes are those of the Krylov space of the start.

    With --train a bundled problem is trained, full batch with momentum, from a small
    displacement. The output has the settling times and peaks of the training and of the
    modes.
    """
    if (source is None) == (problem is None):
        raise click.UsageError("give either HESSIAN or --problem")
    if train and (problem is None or per_weight):
        raise click.UsageError("--train: needs --problem, and excludes --per-weight")
    filters = {name: options[name] for name in ("shift", "zero", "negative")}
    if train and filters != {"shift": 0.0, "zero": "keep", "negative": "keep"}:
        raise click.UsageError("--train: excludes --shift, --zero and --negative")
    if scale is not None and not train:
        raise click.UsageError("--scale: needs --train")
    result: Training | Verification
    if train:
        result = _training(str(problem), 1e-4 if scale is None else scale, options)
    else:
        result = _verification(source, problem, per_weight, options)
    if as_json:
        emit(_record(result))
    else:
        rows = _rows(result)
        print_table(["", ""], [[name, text] for name, text in rows.items()])


_TIMES = ("coupled", "decoupled", "predicted", "trained")


def _record(result: Training | Verification) -> dict[str, Any]:
    """Return the result with null for a time that there is not, and the convergence."""
    record = asdict(result)
    for name in _TIMES:
        if record.get(name) == -1:
            record[name] = None
    return {**record, "convergence": convergence(result.spectral_radius)}


def _rows(result: Training | Verification) -> dict[str, str]:
    """Return names and texts of a table."""
    record = asdict(result)
    radius, zeros = record.pop("spectral_radius"), record.pop("zero_modes", 0)
    rows = {name: _text(value) for name, value in record.items()}
    for name in _TIMES:
        if name in record:
            rows[name] = settling(record[name], radius, zeros, result.steps)
    rows["difference"] = f"{result.difference:.2e}"
    return {**rows, "convergence": with_radius(convergence(radius), radius)}


def _training(problem: str, scale: float, options: dict[str, Any]) -> Training:
    task = task_of(problem, _report)
    del options["header"], options["index"]
    method, parameters = method_of(options)
    if method.method is not heavy_ball.method:
        raise click.UsageError("--train: needs --method heavy_ball")
    eps, p = map(float, method.values(parameters).values())
    return verify_training(
        task.gradient,
        task.minimiser,
        task.hessian,
        eps,
        p,
        scale=scale,
        **{name: options[name] for name in ("tol", "steps", "seed")},
    )


def _verification(
    source: str | None, problem: str | None, per_weight: bool, options: dict[str, Any]
) -> Verification:
    layout = Layout(options.pop("header"), options.pop("index"))
    if source:
        matrix = read_matrix(source, layout, report=_report)
    else:
        matrix = task_of(str(problem), _report).hessian
    if isinstance(matrix, dict):
        raise InputError(f"{source}: holds several arrays; give one as FILE:NAME")
    method, parameters = method_of(options)
    if per_weight:
        parameters["eps"] = parameters["eps"] * inverse_diagonal(matrix)
    return verify(matrix, method=method, **parameters, **options)


def _report(line: str) -> None:
    click.echo(line, err=True)


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else f"{value}"
