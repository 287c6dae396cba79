"""Options for the treatment of zero and negative modes, and a shift."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from .options import Decorator


def filter_options(zero: str, negative: str) -> Decorator:
    """Return a decorator that adds --shift, --zero and --negative.

    Parameters
    ----------
    zero, negative : default treatments
    """
    options = (
        click.option(
            "--shift",
            type=float,
            default=0.0,
            metavar="LAMBDA",
            help="Added to each k, as by weight decay.  [0]",
        ),
        click.option(
            "--zero",
            type=click.Choice(["drop", "keep"]),
            default=zero,
            help=f"Treatment of zero modes.  [{zero}]",
        ),
        click.option(
            "--negative",
            type=click.Choice(["error", "drop", "abs", "keep"]),
            default=negative,
            help=f"Treatment of negative modes.  [{negative}]",
        ),
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate
