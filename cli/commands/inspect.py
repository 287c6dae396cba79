"""`critdamp inspect`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from critdamp.data.formats.run_file import QuantitySummary, Run, open_run
from critdamp.engine.errors import InputError
from critdamp.engine.maps.axis import Axis
from critdamp.engine.modes.methods import SYNONYMS
from critdamp.engine.spectra.cautions import cautions
from critdamp.engine.spectra.spectrum import Spectrum
from critdamp.engine.tuning.closed_forms import Tuning, polyak
from critdamp.engine.validation import about

from ..arguments.options import FILE, json_option
from ..terminal.formatting import emit
from ..terminal.tables import print_table

_PROVENANCE = (
    "method", "tol", "source", "command_line", "backend", "threads", "hostname",
    "date_created", "wall_time_s", "plan_sha256",
)  # fmt: skip


@click.command("inspect")
@click.argument("run", type=FILE)
@click.option(
    "--at", metavar="eps=…,p=…,k=…", help="Show the values at the nearest point only."
)
@json_option()
def command(run: Path, at: str | None, as_json: bool) -> None:
    """Show the contents of a run file.

    These are the axes, the provenance, and for each quantity its range, the share of
    points that diverge and the best point. For a whole spectrum and the heavy ball,
    Polyak's closed form is shown too.
    """
    with open_run(run) as opened:
        if at is not None:
            _show_point(opened, at, as_json)
        elif as_json:
            emit(_record(opened))
        else:
            _show(opened)


def _point(text: str) -> dict[str, float]:
    point = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        try:
            point[SYNONYMS.get(name.strip(), name.strip())] = float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise InputError(
                f"{part!r} in {text!r}; write AXIS=VALUE, as eps=0.1,p=0.9,k=1"
            )
    if len(point) < text.count("="):
        raise InputError(f"{text!r} names an axis twice")
    return point


def _show_point(run: Run, text: str, as_json: bool) -> None:
    with about("at"):
        point, values = run.at(**_point(text))
    if as_json:
        emit({"point": point, "values": values})
        return
    rows = [[name, f"{value:.17g}", "axis"] for name, value in point.items()]
    for name, value in values.items():
        meaning = run.meaning(name, value)
        rows.append([name, meaning or f"{value:.17g}", "quantity"])
    print_table(["name", "value", ""], rows)


def _polyak(run: Run) -> Tuning | None:
    """Return the closed form for the spectrum of a run, None if there is none."""
    spectrum = run.plan.spectrum
    if spectrum is None or run.plan.method.name != "heavy_ball":
        return None
    k = spectrum.positive.k
    return polyak(float(k[0]), float(k[-1]))


def _record(run: Run) -> dict[str, Any]:
    tuning, spectrum = _polyak(run), run.plan.spectrum
    return {
        "path": run.path,
        "axes": {name: _axis_record(axis) for name, axis in run.axes.items()},
        "quantities": {name: asdict(run.summary(name)) for name in run.quantities},
        "spectrum": spectrum and _spectrum_record(spectrum),
        "polyak": tuning and asdict(tuning),
        "provenance": run.provenance,
    }


def _axis_record(axis: Axis) -> dict[str, Any]:
    return {
        "scale": axis.scale,
        "size": len(axis),
        "first": float(axis.values[0]),
        "last": float(axis.values[-1]),
    }


def _spectrum_record(spectrum: Spectrum) -> dict[str, Any]:
    return {
        "name": spectrum.name,
        "modes": len(spectrum),
        "zeros": spectrum.zeros,
        "kmin": float(spectrum.positive.k[0]),
        "kmax": float(spectrum.positive.k[-1]),
    }


def _show(run: Run) -> None:
    rows = [
        [name, axis.scale, f"{len(axis)}", _short(axis.values[0]),
         _short(axis.values[-1])]
        for name, axis in run.axes.items()
    ]  # fmt: skip
    print_table(["axis", "scale", "values", "first", "last"], rows)
    if run.plan.spectrum is not None:
        click.echo(_spectrum_text(run.plan.spectrum))
        for line in cautions(run.plan.spectrum):
            click.echo(line)
    rows = [_row(run.summary(name)) for name in run.quantities]
    tuning = _polyak(run)
    if tuning is not None:
        names = [name for name in run.quantities if hasattr(tuning, name)]
        rows += [_closed_form(name, tuning) for name in names]
    print_table(["quantity", "min", "max", "diverging", "best", "at"], rows)
    provenance = run.provenance
    names = [name for name in _PROVENANCE if name in provenance]
    rows = [[name, _plain(provenance[name])] for name in names]
    print_table(["provenance", ""], rows)


def _spectrum_text(spectrum: Spectrum) -> str:
    k = spectrum.positive.k
    return (
        f"spectrum {spectrum.name}: {len(spectrum)} modes, {spectrum.zeros} zero "
        f"left out, k from {k[0]:.6g} to {k[-1]:.6g}, condition {k[-1] / k[0]:.4g}\n"
    )


def _row(summary: QuantitySummary) -> list[str]:
    share = "" if summary.diverging is None else f"{summary.diverging:.2%}"
    point = [f"{name}={value:.6g}" for name, value in summary.best_point.items()]
    return [
        summary.name, _short(summary.minimum), _short(summary.maximum), share,
        _short(summary.best_value), ", ".join(point),
    ]  # fmt: skip


def _closed_form(name: str, tuning: Tuning) -> list[str]:
    point = f"eps={tuning.eps:.6g}, p={tuning.p:.6g}"
    return [f"  {name}, Polyak", "", "", "", _short(getattr(tuning, name)), point]


def _plain(value: Any) -> str:
    return _short(value) if isinstance(value, float) else str(value)


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
