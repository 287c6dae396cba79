"""Options that several commands share."""

from __future__ import annotations

import json
import math
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

FILE = click.Path(path_type=Path, readable=False)


def running_options() -> Decorator:
    """Return a decorator for the options of commands that compute."""
    options = (
        click.option(
            "--threads",
            type=click.IntRange(min=1),
            metavar="N",
            help="Threads; by default all that the process may use.",
        ),
        click.option(
            "--backend",
            default="auto",
            metavar="NAME",
            help="c, numba, or auto for C where it was built.  [auto]",
        ),
        click.option("--quiet", is_flag=True, help="Print nothing but errors."),
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def json_option() -> Decorator:
    """Return the option of commands that read."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object."
    )


def emit(record: dict[str, Any]) -> None:
    """Print strict JSON: inf and nan, which it has no numbers for, are strings."""
    click.echo(json.dumps(_strict(record), indent=2, allow_nan=False))


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _strict(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return str(value) if isinstance(value, Path) else value


def command_line() -> str:
    """Return what was typed, to be pasted into a shell."""
    return as_text(shlex.join(["critdamp", *sys.argv[1:]]))


def as_text(name: str | Path) -> str:
    """Return a name that is any bytes as text."""
    return str(name).encode("utf-8", "backslashreplace").decode()


def nbytes(count: float) -> str:
    """Return a size for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
