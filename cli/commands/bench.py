"""`critdamp bench`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from critdamp.data.storage.atomic_files import appearing
from critdamp.data.storage.os_errors import failures
from critdamp.engine.errors import FileError, InputError

from ..arguments.options import FILE, json_option
from ..arguments.outputs import check_output
from ..terminal.formatting import emit
from ..terminal.progress import progress_bar
from ..terminal.tables import print_table

FORMAT = "critdamp-bench-1"
OURS = "critdamp"
# what the same machine varies by from run to run
NOISE = 0.15
Record = dict[str, Any]


@click.command("bench")
@click.option(
    "--kernel",
    "kernels",
    multiple=True,
    metavar="NAME",
    help="Only this one, e.g. spectral_radius or steps; may be repeated.",
)
@click.option("--save", type=FILE, metavar="FILE", help="Keep the results as JSON.")
@click.option("--force", is_flag=True, help="Let --save replace a file.")
@click.option(
    "--compare", type=FILE, metavar="FILE", help="Say what changed since --save."
)
@click.option("--quiet", is_flag=True, help="Print no progress.")
@json_option()
def command(
    kernels: tuple[str, ...],
    save: Path | None,
    force: bool,
    compare: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Measure the kernels on this machine, beside their limits.

    A limit is what the machine does at most: fill an array of the same size, multiply
    and add in registers, write the bytes. Every time is the best of several; the first
    run, which may compile, does not count. Files are written in the current folder.
    """
    before = None if compare is None else _read(compare)
    check_output(save, force)
    record = _measure(kernels, quiet)
    if save is not None:
        with failures(save, "write"), appearing(save) as temporary:
            temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    changes = {} if before is None else _changes(before["results"], record["results"])
    if as_json:
        emit({**record, "changes": list(changes.values())} if before else record)
        return
    _print(record, changes)
    if before is not None:
        _say_changes(before, record, changes, str(compare))


def _measure(kernels: tuple[str, ...], quiet: bool) -> Record:
    from ..benchmark import measure
    from ..benchmark.cases import all_cases

    cases = list(all_cases())
    known = list(dict.fromkeys(case.kernel for case in cases))
    for name in kernels:
        if name not in known:
            raise InputError(f"--kernel: {name!r} is unknown; there are {known}")
    chosen = [case for case in cases if not kernels or case.kernel in kernels]
    rates = []
    with progress_bar(quiet, lambda _: "") as progress:
        for done, case in enumerate(chosen):
            progress(done, len(chosen))
            rates.append((case, case.work / measure.best_time(case)))
    results = [asdict(result) for result in measure.results(rates)]
    return {"format": FORMAT, "machine": measure.machine(), "results": results}


def _read(path: Path) -> Record:
    """Return what --save wrote."""
    with failures(path, "read"):
        text = path.read_bytes()
    try:
        record = json.loads(text)
        fits = record["format"] == FORMAT
        rates = [float(one["per_second"]) for one in record["results"]]
        fits = fits and all(rate > 0 for rate in rates)
        fits = fits and len({_key(one) for one in record["results"]}) > 0
        fits = fits and isinstance(record["machine"]["processor"], str)
    except (ValueError, KeyError, TypeError, RecursionError):
        fits = False
    if not fits:
        raise FileError(f"{path}: is not a file that `critdamp bench --save` wrote")
    return dict(record)


def _key(one: Record) -> tuple[Any, ...]:
    return one["kernel"], one["by"], one["threads"], one["size"]


def _changes(before: list[Record], now: list[Record]) -> dict[tuple[Any, ...], Record]:
    """Return how much faster each measurement is, as a factor, where both have it."""
    old = {_key(one): one["per_second"] for one in before}
    return {
        _key(one): {
            **{name: one[name] for name in ("kernel", "by", "threads", "size")},
            "before": old[_key(one)],
            "now": one["per_second"],
            "factor": one["per_second"] / old[_key(one)],
        }
        for one in now
        if _key(one) in old
    }


def _print(record: Record, changes: dict[tuple[Any, ...], Record]) -> None:
    machine = record["machine"]
    click.echo(
        f"{machine['processor']}, {machine['topology']}, {machine['clock_ghz']} GHz, "
        f"{machine['usable_threads']} threads ({machine['threading_layer']})\n"
        f"critdamp {machine['critdamp']}, numba {machine['numba']}, "
        f"numpy {machine['numpy']}, {machine['date']}\n"
    )
    head = ["kernel", "size", "threads", "by", "million/s", "of limit"]
    print_table(
        head + (["change"] if changes else []),
        [_row(one, changes) for one in record["results"]],
    )


def _row(one: Record, changes: dict[tuple[Any, ...], Record]) -> list[str]:
    share = f"{one['of_limit']:.3g}" if one["of_limit"] is not None else ""
    row = [
        one["kernel"],
        f"{one['size']:,}",
        f"{one['threads']}",
        one["by"],
        _significant(one["per_second"] / 1e6),
        share,
    ]
    if changes:
        change = changes.get(_key(one))
        row.append(f"{change['factor'] - 1:+.0%}" if change else "new")
    return row


def _significant(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _say_changes(
    before: Record, now: Record, changes: dict[tuple[Any, ...], Record], name: str
) -> None:
    for what in ("processor", "usable_threads"):
        if before["machine"].get(what) != now["machine"][what]:
            click.echo(
                f"{name} is of another machine: {before['machine'].get(what)}", err=True
            )
    ours = [one for one in changes.values() if one["by"].startswith(OURS)]
    slower = [one for one in ours if one["factor"] < 1 - NOISE]
    for one in sorted(slower, key=lambda one: one["factor"]):
        click.echo(
            f"slower by {1 - one['factor']:.0%}: {one['kernel']}, {one['by']}, "
            f"{one['threads']} threads, size {one['size']:,}"
        )
    if not slower:
        click.echo(f"nothing is slower than in {name} by more than {NOISE:.0%}")
