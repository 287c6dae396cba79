"""`critdamp spectrum`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from critdamp.data.formats.spectrum_file import save_spectrum
from critdamp.data.inputs.matrix_files import read_vector
from critdamp.data.inputs.read_spectrum import read_spectrum
from critdamp.data.problems.catalogue import problem_spectrum
from critdamp.engine.errors import InputError
from critdamp.engine.spectra.spectrum import Spectrum

from ..arguments.options import FILE, json_option
from ..arguments.outputs import check_output
from ..terminal.formatting import as_text, command_line, emit
from ..terminal.histogram import log_histogram
from ..terminal.tables import print_table


@click.command("spectrum")
@click.argument("source", required=False, metavar="IN")
@click.option("--problem", metavar="NAME", help="A real problem in the box, see below.")
@click.option("-o", "--output", type=FILE, metavar="FILE", help="The spectrum file.")
@click.option(
    "--as",
    "meaning",
    type=click.Choice(["auto", "hessian", "design", "eigenvalues"]),
    default="auto",
    help="What IN holds; a square matrix is a Hessian, a vector are eigenvalues.",
)
@click.option(
    "--displacement",
    type=FILE,
    metavar="FILE",
    help="w(0) − w*, a vector: how much of it is in each mode.",
)
@click.option(
    "--per-weight",
    is_flag=True,
    help="Of D^-1/2 H D^-1/2, D = diag(H): rates eps/h_ii for each weight.",
)
@click.option("--steps", default=100, metavar="M", help="Of each Lanczos run.  [100]")
@click.option("--probes", default=4, metavar="N", help="Runs behind the first.  [4]")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    metavar="S",
    help="Of the random vectors.  [0]",
)
@click.option("--shift", default=0.0, metavar="LAMBDA", help="Is added to each k.")
@click.option(
    "--zero",
    type=click.Choice(["drop", "keep"]),
    default="keep",
    help="What happens to zero modes.  [keep]",
)
@click.option(
    "--zero-tolerance",
    type=float,
    metavar="K",
    help="|k| up to which a mode is zero; n·2⁻⁵²·kmax by default.",
)
@click.option(
    "--negative",
    type=click.Choice(["error", "drop", "abs", "keep"]),
    default="error",
    help="What happens to negative modes.  [error]",
)
@click.option("--name", metavar="NAME", help="For people; IN's name by default.")
@click.option("--force", is_flag=True, help="Replace an output that exists.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@json_option()
def command(
    source: str | None,
    problem: str | None,
    output: Path | None,
    force: bool,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Turn a Hessian, a design matrix or eigenvalues into a spectrum.

    IN is .npy, .npz, .mtx, .mat, .h5, .safetensors, .csv or .txt; of several arrays in
    it, IN:NAME takes one. Sparse matrices beyond some thousand rows take Lanczos
    quadrature: nodes, weights, and a bound on the error of each node.
    """
    if (source is None) == (problem is None):
        raise click.UsageError("give IN or --problem, and not both")
    _refuse(problem, options)
    check_output(output, force)

    def report(line: str) -> None:
        if not quiet:
            click.echo(line, err=True)

    found = _found(source, problem, options, report)
    known = options["name"] or found.name or Path(str(source)).name
    found = replace(found, name=as_text(known))
    given, shift = options["zero_tolerance"], options["shift"]
    limit = found.zero_tolerance if given is None else given
    filtered = found.filtered(options["zero"], options["negative"], shift, limit)
    if output is not None:
        made = {f"made_{name}": v for name, v in options.items() if v is not None}
        made = {name: _plain(v) for name, v in made.items()}
        save_spectrum(filtered, output, {**made, "command_line": command_line()})
    record = _record(found, filtered, limit, shift)
    if as_json:
        emit(record)
    elif not quiet:
        _print(filtered, record)


def _plain(value: Any) -> Any:
    """Return what can be an attribute of a file."""
    return as_text(value) if isinstance(value, str | Path) else value


def _refuse(problem: str | None, options: dict[str, Any]) -> None:
    """Refuse options that cannot be before anything is read."""
    shift, limit = options["shift"], options["zero_tolerance"]
    if options["displacement"] is not None and (
        problem or options["meaning"] not in ("auto", "hessian")
    ):
        raise click.UsageError("--displacement: goes with a Hessian alone")
    if options["per_weight"] and (
        problem
        or options["displacement"] is not None
        or options["meaning"] not in ("auto", "hessian")
    ):
        raise click.UsageError("--per-weight: goes with a Hessian alone")
    if not np.isfinite(shift):
        raise InputError(f"--shift: {shift} is not finite")
    if limit is not None and not 0.0 <= limit < np.inf:
        raise InputError(f"--zero-tolerance: {limit} given, not below 0")


def _found(
    source: str | None, problem: str | None, options: dict[str, Any], report: Any
) -> Spectrum:
    ways = {name: options[name] for name in ("steps", "probes", "seed")}
    if problem is not None:
        return problem_spectrum(problem, report=report, **ways)
    if options["displacement"] is not None:
        ways["displacement"] = read_vector(options["displacement"])
    ways["per_weight"] = options["per_weight"]
    return read_spectrum(str(source), options["meaning"], report=report, **ways)


def _record(
    found: Spectrum, filtered: Spectrum, limit: float, shift: float
) -> dict[str, Any]:
    before = np.asarray(found.weights), found.k + shift
    counts = {
        "zero_modes": float(before[0][np.abs(before[1]) <= limit].sum()),
        "negative_modes": float(before[0][before[1] < -limit].sum()),
    }
    return {"name": filtered.name, **filtered.summary(), **counts}


def _print(spectrum: Spectrum, record: dict[str, Any]) -> None:
    several = ", ".join(f"{n} × {k:.6g}" for k, n in record["multiplicities"][:5])
    kmin = f"{record['kmin']:.17g}"
    if not record["kmin_converged"]:
        kmin += "  NOT CONVERGED: the true one may be far smaller; more --steps"
    rows = {
        "modes": f"{record['modes']:.10g}",
        "entries": f"{record['entries']}",
        "kmin": kmin,
        "kmax": f"{record['kmax']:.17g}",
        "condition": f"{record['condition']:.6g}",
        "zero modes": f"{record['zero_modes']:.6g}",
        "negative modes": f"{record['negative_modes']:.6g}",
        "above kmax/10": f"{record['above_tenth']:.6g}",
        "multiplicities": several or "none",
    }
    print_table(["", ""], [[name, value] for name, value in rows.items()])
    positive = spectrum.k > 0.0
    if positive.any():
        weights = np.asarray(spectrum.weights)[positive]
        click.echo("\n".join(log_histogram(spectrum.k[positive], weights)))
