"""`critdamp integrate`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from critdamp.data.formats.spectrum_file import load_spectrum
from critdamp.data.formats.trajectory_file import save_trajectory
from critdamp.data.inputs.axis_syntax import read_axis, zero_modes
from critdamp.data.inputs.schedule_syntax import read_schedule
from critdamp.data.inputs.text import parse_whole_number
from critdamp.data.storage.outputs import check_output
from critdamp.engine.backends.ufuncs import BoundMethod, heavy_ball
from critdamp.engine.callbacks import ignore
from critdamp.engine.modes.powers import LONGEST
from critdamp.engine.simulation.convergence import largest_radius
from critdamp.engine.simulation.oscillators import Energies, simulate_continuous
from critdamp.engine.simulation.schedule import Cyclic
from critdamp.engine.simulation.shares import shares_of
from critdamp.engine.simulation.simulate import Keep, simulate
from critdamp.engine.simulation.trajectory import Trajectory, recorded
from critdamp.engine.spectra.spectrum import Spectrum
from critdamp.engine.validation import about, finite, whole_number

from ..arguments.filters import filter_options
from ..arguments.methods import method_of, method_option, variable_options
from ..arguments.options import FILE, json_option, memory_option, running_options
from ..terminal.formatting import command_line, emit
from ..terminal.tables import print_table
from ..terminal.words import convergence, with_radius


@click.command("integrate")
@click.argument("source", metavar="SPECTRUM")
@click.option("-o", "--output", type=FILE, metavar="FILE", help="The trajectory file.")
@variable_options("VALUE")
@method_option()
@click.option(
    "--steps", type=int, default=1000, metavar="N", help="Number of iterations.  [1000]"
)
@click.option(
    "--record",
    default="every:1",
    metavar="WHICH",
    help="Recorded iterations: every:M, log:N, or a list like 0,10,100.  [every:1]",
)
@click.option("--modes", is_flag=True, help="Write w of each mode too.")
@click.option(
    "--continuous", is_flag=True, help="Simulate damped oscillators, not iterations."
)
@click.option(
    "--mass", type=float, default=1.0, metavar="M", help="Mass, for --continuous.  [1]"
)
@click.option(
    "--friction",
    type=float,
    default=1.0,
    metavar="MU",
    help="Friction, for --continuous.  [1]",
)
@click.option(
    "--times", metavar="AXIS", help="Times, for --continuous, e.g. lin:0:50:501."
)
@filter_options(zero="drop", negative="keep")
@click.option("--force", is_flag=True, help="Replace an existing output.")
@memory_option()
@running_options()
@json_option()
def command(
    source: str,
    output: Path | None,
    force: bool,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Simulate the modes of a spectrum in time, from rest.

    A parameter is a number or a schedule with a value for each step: 0.1,0.2,…,
    @FILE.npy, or cyclic:0.1,0.2, which repeats. Loss and distance are computed with the
    displacement of the spectrum.
    """
    if output is not None:
        check_output(output, force)
    spectrum, note = _spectrum(source, options)
    attributes = {f"made_{name}": v for name, v in options.items() if v is not None}
    method, texts = (heavy_ball, {}) if options["continuous"] else method_of(options)
    parameters = _parameters(texts, options["steps"])

    simulation = _simulation(spectrum, method, parameters, options)
    if output is None:
        result = simulation(ignore)
    else:
        attributes |= {"command_line": command_line(), "spectrum_name": spectrum.name}
        result = save_trajectory(
            simulation,
            spectrum,
            output,
            attributes,
            {n: v for n, v in parameters.items() if _is_schedule(v)},
            options["steps"],
            _rows_of_modes(options),
            force,
        )
    if note and not quiet:
        click.echo(note, err=True)
    _show(result, _convergence(spectrum, method, parameters, options), quiet, as_json)


def _spectrum(source: str, options: dict[str, Any]) -> tuple[Spectrum, str]:
    """Return the spectrum with zero and negative modes treated, and a note on that."""
    spectrum = load_spectrum(source)
    tolerance, shift = spectrum.zero_tolerance, options["shift"]
    finite("shift", shift)
    filtered = spectrum.filtered(options["zero"], options["negative"], shift, tolerance)
    if options["zero"] == "keep":
        return filtered, ""
    zero = np.abs(spectrum.k + shift) <= tolerance
    zeros = round(float(spectrum.arrays["weights"][zero].sum()))
    return filtered, zero_modes(spectrum.name, zeros, round(spectrum.modes))


def _convergence(
    spectrum: Spectrum,
    method: BoundMethod,
    parameters: dict[str, Any],
    options: dict[str, Any],
) -> tuple[str, float | None]:
    """Return whether the modes with a share converge, and their spectral radius."""
    k = shares_of(spectrum).k[np.asarray(spectrum.displacement) > 0.0]
    if options["continuous"]:
        if (k < 0.0).any():
            return "diverges", None
        moves = options["friction"] > 0.0 and (k > 0.0).all()
        return "stable" if moves else "marginal", None
    if any(map(_is_schedule, parameters.values())):
        return "schedule", None
    values = [float(value) for value in method.values(parameters).values()]
    radius = largest_radius(method.method, values, k)
    return convergence(radius), radius


def _simulation(
    spectrum: Spectrum,
    method: BoundMethod,
    parameters: dict[str, Any],
    options: dict[str, Any],
) -> Callable[[Keep], Trajectory | Energies]:
    """Return the simulation, a function of `keep`: see `modes` of `simulate`."""
    if options["continuous"]:
        return lambda _keep: _continuous(spectrum, options)
    return partial(_discrete, spectrum, method, parameters, options)


def _rows_of_modes(options: dict[str, Any]) -> int:
    """Return the number of recorded states of the modes, 0 if they are not written."""
    if options["continuous"] or not options["modes"]:
        return 0
    return recorded(_iterations(options["record"]), options["steps"]).size


def _continuous(spectrum: Spectrum, options: dict[str, Any]) -> Energies:
    if options["times"] is None:
        raise click.UsageError("--times: needed with --continuous, e.g. lin:0:50:501")
    with about("times"):
        times = read_axis(options["times"]).values
    return simulate_continuous(
        spectrum,
        options["mass"],
        options["friction"],
        times,
        threads=options["threads"],
    )


def _parameters(texts: dict[str, str | None], steps: int) -> dict[str, Any]:
    """Return name → number, or schedule: values (steps,), or `Cyclic` ones."""
    whole_number("steps", steps, 1, LONGEST)
    parameters = {}
    for name, text in texts.items():
        if text is not None:
            with about(name):
                parameters[name] = read_schedule(text, steps)
    return parameters


def _is_schedule(value: Any) -> bool:
    return isinstance(value, np.ndarray | Cyclic)


def _discrete(
    spectrum: Spectrum,
    method: BoundMethod,
    parameters: dict[str, Any],
    options: dict[str, Any],
    keep: Keep,
) -> Trajectory:
    return simulate(
        spectrum,
        steps=options["steps"],
        record=_iterations(options["record"]),
        method=method,
        modes=keep if options["modes"] else False,
        threads=options["threads"],
        backend=options["backend"],
        **parameters,
    )


def _iterations(text: str) -> Any:
    """Return a list of iterations as numbers, other text unchanged."""
    numbers = [parse_whole_number(part) for part in text.split(",")]
    return text if None in numbers else numbers


def _show(
    result: Trajectory | Energies,
    converges: tuple[str, float | None],
    quiet: bool,
    as_json: bool,
) -> None:
    """Print the first and the last value of each array, and whether modes converge."""
    word, radius = converges
    record = _record(result)
    if as_json:
        emit({**record, "convergence": word, "spectral_radius": radius})
        return
    if quiet:
        return
    rows = {name: _text(value) for name, value in record.items()}
    if isinstance(result, Trajectory):
        rows["infinite from"] = rows.pop("diverged_at")
    text = "depends on the schedule" if word == "schedule" else word
    rows["convergence"] = text if radius is None else with_radius(word, radius)
    print_table(["", ""], [[name, text] for name, text in rows.items()])


def _record(result: Trajectory | Energies) -> dict[str, Any]:
    """Return the first and the last value of each array, and `diverged_at`."""
    names: tuple[str, ...] = ("potential", "kinetic", "total", "distance")
    last: dict[str, Any] = {}
    if isinstance(result, Trajectory):
        names, last = ("loss", "distance"), {"diverged_at": result.diverged_at}
    ends = {
        f"{name}_{end}": float(getattr(result, name)[index])
        for name in names
        for end, index in (("first", 0), ("last", -1))
    }
    return {
        "recorded": len(result.times),
        "from": result.times[0].item(),
        "to": result.times[-1].item(),
        **ends,
        **last,
    }


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    return "never" if value is None else f"{value}"
