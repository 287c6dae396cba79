"""The summary of a run: axes, spectrum, quantities and provenance."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import click

from critdamp.data.formats.run_file import QuantitySummary, Run
from critdamp.engine.maps.axis import Axis
from critdamp.engine.spectra.cautions import cautions
from critdamp.engine.spectra.groups import count_text, counted_by_sign
from critdamp.engine.spectra.spectrum import Spectrum
from critdamp.engine.tuning.closed_forms import Tuning, polyak

from ..terminal.formatting import plain, short
from ..terminal.tables import print_table

_PROVENANCE = (
    "method", "tol", "source", "command_line", "backend", "threads", "hostname",
    "date_created", "wall_time_s", "plan_sha256",
)  # fmt: skip


def record_of_run(run: Run) -> dict[str, Any]:
    """Return the record of a run for JSON."""
    tuning = _polyak(run)
    quantities = {name: _quantity(run, name) for name in run.quantities}
    return {
        "kind": "run",
        "path": run.path,
        "axes": {name: _axis_record(axis) for name, axis in run.axes.items()},
        "quantities": {
            name: {**asdict(summary), "best_on_border": _border(run, summary)}
            for name, summary in quantities.items()
        },
        "spectrum": _spectrum_record(run),
        "polyak": tuning and asdict(tuning),
        "provenance": run.provenance,
    }


def show_run(run: Run) -> None:
    """Print the summary of a run."""
    rows = [
        [name, axis.scale, f"{len(axis)}", short(axis.values[0]),
         short(axis.values[-1])]
        for name, axis in run.axes.items()
    ]  # fmt: skip
    print_table(["axis", "scale", "values", "first", "last"], rows)
    if run.plan.spectrum is not None:
        click.echo(_spectrum_text(run.plan.spectrum))
    rows = [_row(run, _quantity(run, name)) for name in run.quantities]
    tuning = _polyak(run)
    if tuning is not None:
        names = [name for name in run.quantities if hasattr(tuning, name)]
        rows += [_closed_form(name, tuning) for name in names]
    print_table(["quantity", "min", "max", "diverging", "best", "at"], rows)
    provenance = run.provenance
    names = [name for name in _PROVENANCE if name in provenance]
    rows = [[name, plain(provenance[name])] for name in names]
    print_table(["provenance", ""], rows)


def _quantity(run: Run, name: str) -> QuantitySummary:
    """Return the summary of a quantity, without a best point over several k.

    A user chooses (ε, p); the best of several k is that of the easiest mode.
    """
    summary = run.summary(name)
    if "k" in run.axes and len(run.axes["k"]) > 1:
        return replace(summary, best_value=None, best_point={})
    return summary


def _border(run: Run, summary: QuantitySummary) -> list[str]:
    """Return the axes at whose ends the best point is; a better one may be beyond."""
    return [
        name
        for name, value in summary.best_point.items()
        if len(run.axes[name]) > 1 and value in run.axes[name].values[[0, -1]]
    ]


def _polyak(run: Run) -> Tuning | None:
    """Return the closed form for the spectrum of a run, None if there is none."""
    known = _spectrum_record(run)
    if known is None or run.plan.method.name != "heavy_ball":
        return None
    if known["negatives"] or known["kmin"] is None:
        return None
    return polyak(known["kmin"], known["kmax"])


def _axis_record(axis: Axis) -> dict[str, Any]:
    return {
        "scale": axis.scale,
        "size": len(axis),
        "first": float(axis.values[0]),
        "last": float(axis.values[-1]),
    }


def _spectrum_record(run: Run) -> dict[str, Any] | None:
    spectrum = run.plan.spectrum
    if spectrum is None:
        return None
    known = counted_by_sign(spectrum)
    return {
        "name": spectrum.name,
        "modes": spectrum.modes,
        "zeros": known["zero_modes"],
        "negatives": known["negative_modes"],
        "kmin": known["kmin"],
        "kmax": known["kmax"],
    }


def _spectrum_text(spectrum: Spectrum) -> str:
    """Return a line on the spectrum, and one for each caution."""
    known = counted_by_sign(spectrum)
    modes, zeros, negatives = (
        count_text(number, spectrum.is_estimated)
        for number in (spectrum.modes, known["zero_modes"], known["negative_modes"])
    )
    text = (
        f"spectrum {spectrum.name or 'unnamed'}: {modes} modes, {zeros} zero left out"
    )
    if known["negative_modes"]:
        text += f", {negatives} negative"
    if known["kmin"] is not None:
        text += (
            f", k from {known['kmin']:.6g} to {known['kmax']:.6g}, "
            f"condition {known['condition']:.4g}"
        )
    return "\n".join((text, *cautions(spectrum), ""))


def _row(run: Run, summary: QuantitySummary) -> list[str]:
    share = "" if summary.diverging is None else f"{summary.diverging:.2%} of points"
    ends = [_value(run, summary.name, v) for v in (summary.minimum, summary.maximum)]
    point = ", ".join(f"{name}={v:.6g}" for name, v in summary.best_point.items())
    border = _border(run, summary)
    if border:
        names = ", ".join(f"{name} = {summary.best_point[name]:.6g}" for name in border)
        point += f"; on the border: {names}"
    return [summary.name, *ends, share, short(summary.best_value), point]


def _value(run: Run, name: str, value: float | None) -> str:
    meaning = "" if value is None else run.meaning(name, value)
    return meaning or short(value)


def _closed_form(name: str, tuning: Tuning) -> list[str]:
    point = f"eps={tuning.eps:.6g}, p={tuning.p:.6g}"
    return [f"  {name}, Polyak", "", "", "", short(getattr(tuning, name)), point]
