"""`critdamp bench`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from critdamp.data.storage.atomic_files import appearing
from critdamp.data.storage.os_errors import failures
from critdamp.data.storage.outputs import check_output
from critdamp.engine.errors import FileError, InputError

from ..arguments.options import FILE, json_option
from ..arguments.small_files import read_small
from ..terminal.formatting import emit
from ..terminal.progress import progress_bar
from ..terminal.tables import print_table

FORMAT = "critdamp-bench-1"
OWN = "critdamp"
# relative variation of the speed on one machine
NOISE = 0.15
Record = dict[str, Any]


@click.command("bench")
@click.option(
    "--kernel",
    "kernels",
    multiple=True,
    metavar="NAME",
    help="Measure this kernel only, e.g. spectral_radius or steps; may be repeated.",
)
@click.option("--save", type=FILE, metavar="FILE", help="Write the results as JSON.")
@click.option("--force", is_flag=True, help="Let --save replace an existing file.")
@click.option(
    "--compare",
    type=FILE,
    metavar="FILE",
    help="Compare with the results of an earlier --save.",
)
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
@json_option()
def command(
    kernels: tuple[str, ...],
    save: Path | None,
    force: bool,
    compare: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Measure the kernels and the limits of this machine.

    A limit is the highest speed that the machine allows: filling an array of the same
    size, multiply-adds in registers, or writing the same bytes. Each time is the
    shortest of several runs after a first one, which may compile. Files are written in
    the current folder.
    """
    before = None if compare is None else _read(compare)
    if save is not None:
        check_output(save, force)
    record = _measure(kernels, quiet)
    if save is not None:
        with failures(save, "write"), appearing(save, force) as temporary:
            temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    changes = {} if before is None else _changes(before["results"], record["results"])
    if as_json:
        emit({**record, "changes": list(changes.values())} if before else record)
        return
    _print(record, changes)
    if before is not None:
        _print_changes(before, record, changes, str(compare))


def _measure(kernels: tuple[str, ...], quiet: bool) -> Record:
    from ..benchmark import measure
    from ..benchmark.cases import all_cases

    cases = list(all_cases())
    known = list(dict.fromkeys(case.kernel for case in cases))
    for name in kernels:
        if name not in known:
            raise InputError(
                f"--kernel: {name!r} is unknown; choose from {', '.join(known)}"
            )
    chosen = [case for case in cases if not kernels or case.kernel in kernels]
    rates = []
    with progress_bar(quiet, lambda _: "") as progress:
        for done, case in enumerate(chosen):
            progress(done, len(chosen))
            rates.append((case, case.work / measure.best_time(case)))
    results = [asdict(result) for result in measure.results(rates)]
    return {"format": FORMAT, "machine": measure.machine(), "results": results}


def _read(path: Path) -> Record:
    """Return the record of a file written by --save."""
    with failures(path, "read"):
        text = read_small(path)
    try:
        record = json.loads(text)
        rates = [float(result["per_second"]) for result in record["results"]]
        keys = {_key(result) for result in record["results"]}
        valid = (
            record["format"] == FORMAT
            and all(rate > 0 for rate in rates)
            and len(keys) > 0
            and isinstance(record["machine"]["processor"], str)
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        valid = False
    if not valid:
        raise FileError(f"{path}: not a file written by `critdamp bench --save`")
    return dict(record)


def _key(result: Record) -> tuple[Any, ...]:
    return result["kernel"], result["by"], result["threads"], result["size"]


def _changes(before: list[Record], now: list[Record]) -> dict[tuple[Any, ...], Record]:
    """Return key → ratio of the speeds now and before, for results in both."""
    old = {_key(result): result["per_second"] for result in before}
    return {
        _key(result): {
            **{name: result[name] for name in ("kernel", "by", "threads", "size")},
            "before": old[_key(result)],
            "now": result["per_second"],
            "factor": result["per_second"] / old[_key(result)],
        }
        for result in now
        if _key(result) in old
    }


def _print(record: Record, changes: dict[tuple[Any, ...], Record]) -> None:
    machine = record["machine"]
    click.echo(
        f"{machine['processor']}, {machine['topology']}, {machine['clock_ghz']} GHz, "
        f"{machine['usable_threads']} threads ({machine['threading_layer']})\n"
        f"critdamp {machine['critdamp']}, numba {machine['numba']}, "
        f"numpy {machine['numpy']}, {machine['date']}\n"
    )
    columns = ["kernel", "size", "threads", "by", "million/s", "of limit"]
    print_table(
        columns + (["change"] if changes else []),
        [_row(result, changes) for result in record["results"]],
    )


def _row(result: Record, changes: dict[tuple[Any, ...], Record]) -> list[str]:
    share = f"{result['of_limit']:.3g}" if result["of_limit"] is not None else ""
    row = [
        result["kernel"],
        f"{result['size']:,}",
        f"{result['threads']}",
        result["by"],
        _significant(result["per_second"] / 1e6),
        share,
    ]
    if changes:
        change = changes.get(_key(result))
        row.append(f"{change['factor'] - 1:+.0%}" if change else "new")
    return row


def _significant(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _print_changes(
    before: Record, now: Record, changes: dict[tuple[Any, ...], Record], name: str
) -> None:
    for attribute in ("processor", "usable_threads"):
        value = before["machine"].get(attribute)
        if value != now["machine"][attribute]:
            click.echo(f"{name} is from another machine: {value}", err=True)
    own = [change for change in changes.values() if change["by"].startswith(OWN)]
    slower = [change for change in own if change["factor"] < 1 - NOISE]
    for change in sorted(slower, key=lambda change: change["factor"]):
        click.echo(
            f"slower by {1 - change['factor']:.0%}: {change['kernel']}, "
            f"{change['by']}, {change['threads']} threads, size {change['size']:,}"
        )
    if not slower:
        click.echo(f"nothing is slower than in {name} by more than {NOISE:.0%}")
