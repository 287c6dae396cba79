"""`critdamp spectrum`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from critdamp.data.formats.spectrum_file import save_spectrum
from critdamp.data.inputs.matrix_files import read_vector
from critdamp.data.inputs.read_spectrum import read_spectrum
from critdamp.data.problems.catalogue import PROBLEMS, problem_spectrum
from critdamp.data.storage.outputs import check_output
from critdamp.engine.errors import InputError
from critdamp.engine.spectra.groups import count_text
from critdamp.engine.spectra.spectrum import Spectrum

from ..arguments.options import FILE, json_option, memory_option, table_options
from ..terminal.formatting import as_text, command_line, emit
from ..terminal.histogram import log_histogram
from ..terminal.progress import Progress, progress_bar
from ..terminal.tables import print_table

# what became of zero and negative modes; kmin and condition are of positive ones
_DONE = {
    "drop": "left out",
    "keep": "kept, but not in kmin",
    "abs": "taken as |k|",
}


@click.command("spectrum")
@click.argument("source", required=False, metavar="IN")
@click.option(
    "--problem",
    metavar="NAME",
    help=f"A bundled problem instead of IN: {', '.join(PROBLEMS)}.",
)
@click.option("-o", "--output", type=FILE, metavar="FILE", help="The spectrum file.")
@click.option(
    "--as",
    "meaning",
    type=click.Choice(["auto", "hessian", "design", "eigenvalues"]),
    default="auto",
    help="The kind of IN; auto: a square matrix is a Hessian, a vector eigenvalues.  "
    "[auto]",
)
@table_options()
@click.option(
    "--displacement",
    type=FILE,
    metavar="FILE",
    help="The vector w(0) − w*, for the displacement of each mode.",
)
@click.option(
    "--per-weight",
    is_flag=True,
    help="Use D^-1/2 H D^-1/2, D = diag(H), for learning rates eps/h_ii.",
)
@click.option(
    "--steps", default=100, metavar="M", help="Steps of a Lanczos run.  [100]"
)
@click.option(
    "--probes", default=4, metavar="N", help="Lanczos runs after the first.  [4]"
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    metavar="S",
    help="Seed of the random vectors.  [0]",
)
@click.option(
    "--shift",
    default=0.0,
    metavar="LAMBDA",
    help="Added to each k, as by weight decay.  [0]",
)
@click.option(
    "--zero",
    type=click.Choice(["drop", "keep"]),
    default="keep",
    help="Treatment of zero modes.  [keep]",
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
    help="Treatment of negative modes.  [error]",
)
@click.option("--name", metavar="NAME", help="A label; the name of IN by default.")
@click.option("--force", is_flag=True, help="Replace an existing output.")
@click.option("--quiet", is_flag=True, help="Print errors only.")
@memory_option()
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
    """Compute the spectrum of a Hessian or a design matrix.

    IN is a matrix, or a vector of eigenvalues, as .npy, .npz, .mtx, .mat, .h5,
    .h5ad, .safetensors, .csv, .tsv or .txt; IN:NAME gives one of several arrays. For
    sparse matrices of more than 2,000 rows, Lanczos quadrature gives nodes, weights and
    error bounds.
    """
    if (source is None) == (problem is None):
        raise click.UsageError("give either IN or --problem")
    _check_options(problem, options)
    if output is not None:
        check_output(output, force)

    def report(line: str) -> None:
        if not quiet:
            click.echo(line, err=True)

    with progress_bar(quiet, lambda rate: f"{rate:.3g} products/s") as progress:
        spectrum = _spectrum(source, problem, options, report, progress)
    name = options["name"] or spectrum.name or Path(str(source)).name
    spectrum = replace(spectrum, name=as_text(name))
    tolerance, shift = options["zero_tolerance"], options["shift"]
    tolerance = spectrum.zero_tolerance if tolerance is None else tolerance
    filtered = spectrum.filtered(options["zero"], options["negative"], shift, tolerance)
    if output is not None:
        save_spectrum(filtered, output, _attributes(options), force=force)
    record = _record(spectrum, filtered, tolerance, shift)
    if as_json:
        emit(record)
    elif not quiet:
        _print(filtered, record, options)


def _attributes(options: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of the spectrum file: the options and the command line."""
    attributes = {
        f"made_{name}": as_text(value) if isinstance(value, str | Path) else value
        for name, value in options.items()
        if value is not None
    }
    return {**attributes, "command_line": command_line()}


def _check_options(problem: str | None, options: dict[str, Any]) -> None:
    """Check the combination of options, before anything is read."""
    shift, tolerance = options["shift"], options["zero_tolerance"]
    is_hessian = not problem and options["meaning"] in ("auto", "hessian")
    has_displacement = options["displacement"] is not None
    if has_displacement and not is_hessian:
        raise click.UsageError("--displacement: needs a Hessian as IN")
    if options["per_weight"] and (has_displacement or not is_hessian):
        raise click.UsageError(
            "--per-weight: needs a Hessian as IN, and excludes --displacement"
        )
    if not np.isfinite(shift):
        raise InputError(f"--shift: {shift} given; a finite number is needed")
    if tolerance is not None and not 0.0 <= tolerance < np.inf:
        raise InputError(
            f"--zero-tolerance: {tolerance} given; a finite number ≥ 0 is needed"
        )


def _spectrum(
    source: str | None,
    problem: str | None,
    options: dict[str, Any],
    report: Any,
    progress: Progress,
) -> Spectrum:
    quadrature = {name: options[name] for name in ("steps", "probes", "seed")}
    if problem is not None:
        return problem_spectrum(problem, report=report, progress=progress, **quadrature)
    arguments = {
        **quadrature,
        **{name: options[name] for name in ("per_weight", "header", "index")},
        "progress": progress,
    }
    if options["displacement"] is not None:
        arguments["displacement"] = read_vector(options["displacement"])
    return read_spectrum(str(source), options["meaning"], report=report, **arguments)


def _record(
    spectrum: Spectrum, filtered: Spectrum, tolerance: float, shift: float
) -> dict[str, Any]:
    """Return the summary, with the zero and negative modes before filtering."""
    weights, k = np.asarray(spectrum.weights), spectrum.k + shift
    counts = {
        "zero_modes": float(weights[np.abs(k) <= tolerance].sum()),
        "negative_modes": float(weights[k < -tolerance].sum()),
    }
    estimated = spectrum.is_estimated
    return {
        "name": filtered.name,
        **filtered.summary(),
        **counts,
        "counts_estimated": estimated,
    }


_MORE = "  NOT CONVERGED: the true value may be far {}; use more --steps"


def _ends(record: dict[str, Any]) -> dict[str, str]:
    """Return the rows of kmin, kmax and the condition, or why there are none."""
    if record["kmin"] is None:
        is_zero = record["zero_modes"] == record["modes"]
        return {"kmin": "none: " + ("all modes are zero" if is_zero else "no k > 0")}
    rows = {name: f"{record[name]:.17g}" for name in ("kmin", "kmax")}
    for name, way in (("kmin", "smaller"), ("kmax", "larger")):
        if not record[f"{name}_converged"]:
            rows[name] += _MORE.format(way)
    return {**rows, "condition": f"{record['condition']:.6g}"}


def _treated(count: str, treatment: str) -> str:
    """Return how many modes were found, and what became of them."""
    return count if count == "0" else f"{count} found, {_DONE[treatment]}"


def _print(
    spectrum: Spectrum, record: dict[str, Any], treatment: dict[str, str]
) -> None:
    repeated = ", ".join(f"{n} × {k:.6g}" for k, n in record["multiplicities"][:5])
    count = partial(count_text, is_estimated=record["counts_estimated"])
    rows = {
        "modes": f"{record['modes']:.10g}",
        "entries": f"{record['entries']}",
        **_ends(record),
        "zero modes": _treated(count(record["zero_modes"]), treatment["zero"]),
        "negative modes": _treated(
            count(record["negative_modes"]), treatment["negative"]
        ),
        "above kmax/10": count(record["above_tenth"]),
        "multiplicities": repeated or "none",
    }
    print_table(["", ""], [[name, value] for name, value in rows.items()])
    positive = spectrum.k > 0.0
    if positive.any():
        weights = np.asarray(spectrum.weights)[positive]
        click.echo("\n".join(log_histogram(spectrum.k[positive], weights)))
