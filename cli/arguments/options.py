"""Options shared by several commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from critdamp.data.storage.memory_budget import allowing

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
FILE = click.Path(path_type=Path, readable=False)


def running_options() -> Decorator:
    """Return a decorator that adds --threads, --backend and --quiet."""
    from critdamp.engine.backends.select import backends

    options = (
        click.option(
            "--threads",
            type=click.IntRange(min=1),
            metavar="N",
            help="Number of threads; by default all that the process may use.",
        ),
        click.option(
            "--backend",
            type=click.Choice(["auto", *backends()]),
            default="auto",
            help="The kernels; auto: c if the C kernels were built.  [auto]",
        ),
        click.option("--quiet", is_flag=True, help="Print errors only."),
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def table_options() -> Decorator:
    """Return a decorator that adds --header and --index, for tables in text files."""
    header = click.option(
        "--header/--no-header",
        default=None,
        help="Line 1 of a text file holds names of columns, or numbers.  [found out]",
    )
    index = click.option(
        "--index/--no-index",
        default=None,
        help="Column 1 of a text file is an index, left out, or data.  [found out]",
    )
    return lambda function: header(index(function))


def json_option() -> Decorator:
    """Return a decorator that adds --json."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object."
    )


def memory_option() -> Decorator:
    """Return a decorator that adds --max-memory, which holds while the command runs."""

    def allow(ctx: click.Context, _option: click.Parameter, size: str | None) -> None:
        ctx.with_resource(allowing(size))

    return click.option(
        "--max-memory",
        metavar="SIZE",
        expose_value=False,
        callback=allow,
        help="Memory to read a file, as 4GB; by default half of what is free, and 100 "
        "times the size of the file.",
    )
