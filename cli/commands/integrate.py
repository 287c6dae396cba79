"""`critdamp integrate`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import numpy as np

from critdamp.data.formats.spectrum_file import load_spectrum
from critdamp.data.formats.trajectory_file import save_trajectory
from critdamp.data.inputs.axis_syntax import read_axis
from critdamp.data.inputs.schedule_syntax import read_schedule
from critdamp.data.inputs.text import whole_number
from critdamp.engine.backends import ufuncs
from critdamp.engine.callbacks import ignore
from critdamp.engine.errors import InputError
from critdamp.engine.modes.methods import METHODS
from critdamp.engine.modes.powers import LONGEST
from critdamp.engine.simulation.oscillators import Energies, simulate_continuous
from critdamp.engine.simulation.simulate import Keep, Trajectory, recorded, simulate
from critdamp.engine.spectra.spectrum import Spectrum

from ..arguments.options import FILE, json_option, running_options
from ..arguments.outputs import check_output
from ..terminal.formatting import command_line, emit
from ..terminal.tables import print_table


@click.command("integrate")
@click.argument("source", metavar="SPECTRUM")
@click.option("-o", "--output", type=FILE, metavar="FILE", help="The trajectory file.")
@click.option("--eps", metavar="VALUE", help="Learning rate, or a schedule.")
@click.option("--p", default="0", metavar="VALUE", help="Momentum, or a schedule.  [0]")
@click.option("--nu", type=float, metavar="NU", help="Of the method qhm.")
@click.option("--method", type=click.Choice(list(METHODS)), default="heavy_ball")
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
    given = {} if how["continuous"] else _parameters(how)
    schedules = {name: v for name, v in given.items() if isinstance(v, np.ndarray)}

    def simulated(keep: Keep) -> Trajectory | Energies:
        if how["continuous"]:
            return _continuous(spectrum, how)
        return _discrete(spectrum, how, keep, **given)

    if output is None:
        found = simulated(ignore)
    else:
        about = {f"made_{name}": v for name, v in how.items() if v is not None}
        about |= {"command_line": command_line(), "spectrum_name": spectrum.name}
        kept = how["modes"] and not how["continuous"]
        rows = recorded(_recorded(how["record"]), how["steps"]).size if kept else 0
        found = save_trajectory(simulated, spectrum, output, about, schedules, rows)
    record = _record(found)
    if as_json:
        emit(record)
    elif not quiet:
        print_table(["", ""], [[name, _text(value)] for name, value in record.items()])


@contextmanager
def _option(name: str) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise InputError(f"--{name}: {error}") from error


def _continuous(spectrum: Spectrum, how: dict[str, Any]) -> Energies:
    if how["times"] is None:
        raise click.UsageError("--times: needed with --continuous, e.g. lin:0:50:501")
    with _option("times"):
        times = read_axis(how["times"]).values
    return simulate_continuous(spectrum, how["mass"], how["friction"], times)


def _parameters(how: dict[str, Any]) -> dict[str, Any]:
    """Return eps and p, as a number or as an array with a value for each step."""
    if how["eps"] is None:
        raise click.UsageError("--eps: needed, a learning rate or a schedule of it")
    if not 1 <= how["steps"] <= LONGEST:
        raise InputError(f"--steps: {how['steps']} given, from 1 to {LONGEST} works")
    found = {}
    for name in ("eps", "p"):
        with _option(name):
            found[name] = read_schedule(how[name], how["steps"])
    return found


def _discrete(
    spectrum: Spectrum, how: dict[str, Any], keep: Keep, eps: Any, p: Any
) -> Trajectory:
    method = getattr(ufuncs, how["method"])
    if (how["nu"] is None) == (how["method"] == "qhm"):
        raise click.UsageError("--nu: goes with --method qhm, which needs it")
    return simulate(
        spectrum,
        eps,
        p,
        how["steps"],
        record=_recorded(how["record"]),
        method=method if how["nu"] is None else method(nu=how["nu"]),
        modes=keep if how["modes"] else False,
        threads=how["threads"],
        backend=how["backend"],
    )


def _recorded(text: str) -> Any:
    numbers = [whole_number(part) for part in text.split(",")]
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
