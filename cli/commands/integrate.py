"""`critdamp integrate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from critdamp.data.formats.spectrum_file import load_spectrum
from critdamp.data.formats.trajectory_file import save_trajectory
from critdamp.data.inputs.axis_syntax import read_axis
from critdamp.data.inputs.schedule_syntax import read_schedule
from critdamp.data.inputs.text import parse_whole_number
from critdamp.engine.backends.ufuncs import BoundMethod, heavy_ball
from critdamp.engine.callbacks import ignore
from critdamp.engine.modes.powers import LONGEST
from critdamp.engine.simulation.oscillators import Energies, simulate_continuous
from critdamp.engine.simulation.simulate import Keep, simulate
from critdamp.engine.simulation.trajectory import Trajectory, recorded
from critdamp.engine.spectra.spectrum import Spectrum
from critdamp.engine.validation import about, whole_number

from ..arguments.methods import method_of, method_option, variable_options
from ..arguments.options import FILE, json_option, running_options
from ..arguments.outputs import check_output
from ..terminal.formatting import command_line, emit
from ..terminal.tables import print_table


@click.command("integrate")
@click.argument("source", metavar="SPECTRUM")
@click.option("-o", "--output", type=FILE, metavar="FILE", help="The trajectory file.")
@variable_options("VALUE")
@method_option()
@click.option("--steps", type=int, default=1000, metavar="N", help="[1000]")
@click.option(
    "--record",
    default="every:1",
    metavar="WHICH",
    help="every:M, log:N, or iterations like 0,10,100.  [every:1]",
)
@click.option("--modes", is_flag=True, help="Keep w of each mode too.")
@click.option(
    "--continuous", is_flag=True, help="Damped oscillators, in place of steps."
)
@click.option("--mass", type=float, default=1.0, metavar="M", help="[1]")
@click.option("--friction", type=float, default=1.0, metavar="MU", help="[1]")
@click.option("--times", metavar="AXIS", help="For --continuous, e.g. lin:0:50:501.")
@click.option("--force", is_flag=True, help="Replace an output that exists.")
@running_options()
@json_option()
def command(
    source: str,
    output: Path | None,
    force: bool,
    quiet: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Move the modes of a spectrum through time, from rest.

    A schedule has a value for each step: 0.1,0.2,…, @FILE.npy, or cyclic:0.1,0.2, which
    begins again. Loss and distance are those of the spectrum's displacement.
    """
    check_output(output, force)
    spectrum = load_spectrum(source)
    attributes = {f"made_{name}": v for name, v in how.items() if v is not None}
    method, texts = method_of(how) if not how["continuous"] else (heavy_ball, {})
    given = _parameters(texts, how["steps"])
    schedules = {name: v for name, v in given.items() if isinstance(v, np.ndarray)}

    def simulated(keep: Keep) -> Trajectory | Energies:
        if how["continuous"]:
            return _continuous(spectrum, how)
        return _discrete(spectrum, method, given, how, keep)

    if output is None:
        found = simulated(ignore)
    else:
        attributes |= {"command_line": command_line(), "spectrum_name": spectrum.name}
        kept = how["modes"] and not how["continuous"]
        rows = recorded(_recorded(how["record"]), how["steps"]).size if kept else 0
        found = save_trajectory(
            simulated, spectrum, output, attributes, schedules, rows
        )
    record = _record(found)
    if as_json:
        emit(record)
    elif not quiet:
        print_table(["", ""], [[name, _text(value)] for name, value in record.items()])


def _continuous(spectrum: Spectrum, how: dict[str, Any]) -> Energies:
    if how["times"] is None:
        raise click.UsageError("--times: needed with --continuous, e.g. lin:0:50:501")
    with about("times"):
        times = read_axis(how["times"]).values
    return simulate_continuous(
        spectrum, how["mass"], how["friction"], times, threads=how["threads"]
    )


def _parameters(texts: dict[str, str | None], steps: int) -> dict[str, Any]:
    """Return each parameter, as a number or as an array with a value for each step."""
    whole_number("steps", steps, 1, LONGEST)
    found = {}
    for name, text in texts.items():
        if text is not None:
            with about(name):
                found[name] = read_schedule(text, steps)
    return found


def _discrete(
    spectrum: Spectrum,
    method: BoundMethod,
    given: dict[str, Any],
    how: dict[str, Any],
    keep: Keep,
) -> Trajectory:
    return simulate(
        spectrum,
        steps=how["steps"],
        record=_recorded(how["record"]),
        method=method,
        modes=keep if how["modes"] else False,
        threads=how["threads"],
        backend=how["backend"],
        **given,
    )


def _recorded(text: str) -> Any:
    numbers = [parse_whole_number(part) for part in text.split(",")]
    return text if None in numbers else numbers


def _record(found: Trajectory | Energies) -> dict[str, Any]:
    """Return the first and the last of everything, and where it diverged."""
    names: tuple[str, ...] = ("potential", "kinetic", "total", "distance")
    last: dict[str, Any] = {}
    if isinstance(found, Trajectory):
        names, last = ("loss", "distance"), {"diverged_at": found.diverged_at}
    ends = {
        f"{name}_{where}": float(getattr(found, name)[at])
        for name in names
        for where, at in (("first", 0), ("last", -1))
    }
    return {
        "recorded": len(found.times),
        "from": found.times[0].item(),
        "to": found.times[-1].item(),
        **ends,
        **last,
    }


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    return "never" if value is None else f"{value}"
