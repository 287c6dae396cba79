"""`critdamp inspect`."""

from __future__ import annotations

from pathlib import Path

import click

from critdamp.data.formats.kinds import RUN, SPECTRUM, TRAJECTORY, kind_of, open_kind
from critdamp.data.formats.run_file import Run, open_run
from critdamp.engine.errors import InputError
from critdamp.engine.modes.methods import SYNONYMS
from critdamp.engine.validation import about

from ..arguments.options import FILE, json_option, memory_option
from ..summaries.run import record_of_run, show_run
from ..summaries.spectrum import record_of_spectrum, show_spectrum
from ..summaries.trajectory import record_of_trajectory, show_trajectory
from ..terminal.formatting import emit
from ..terminal.tables import print_table

_OTHERS = {
    SPECTRUM: (record_of_spectrum, show_spectrum),
    TRAJECTORY: (record_of_trajectory, show_trajectory),
}


@click.command("inspect")
@click.argument("file", type=FILE)
@click.option(
    "--at",
    metavar="eps=…,p=…,k=…",
    help="Show the values of a run at the nearest point only.",
)
@memory_option()
@json_option()
def command(file: Path, at: str | None, as_json: bool) -> None:
    """Show the contents of a run, a spectrum or a trajectory.

    Of a run these are the axes, the provenance, and for each quantity its range, the
    share of points that diverge and the best point, unless k is an axis of several
    values. For a whole spectrum and the heavy ball, Polyak's closed form is shown too.
    """
    with open_kind(file) as opened:
        kind = kind_of(opened)
    if kind is not RUN:
        if at is not None:
            raise InputError(f"{file} is {kind.called}; only a run has points", "at")
        if kind not in _OTHERS:
            raise InputError(f"{file} is {kind.called}; see critdamp export", "file")
        record, show = _OTHERS[kind]
        if as_json:
            emit(record(file))
        else:
            show(file)
        return
    with open_run(file) as run:
        if at is not None:
            _show_point(run, at, as_json)
        elif as_json:
            emit(record_of_run(run))
        else:
            show_run(run)


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
    rows = [[name, _exact(value), "axis"] for name, value in point.items()]
    for name, value in values.items():
        rows.append([name, run.meaning(name, value) or _exact(value), "quantity"])
    print_table(["name", "value", ""], rows)


def _exact(value: float) -> str:
    """Return the shortest text of a number with all its digits."""
    return f"{value!r}".removesuffix(".0")
