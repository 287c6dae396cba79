"""Options for a method and its parameters, from the engine's table of variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click

from critdamp.engine.backends.ufuncs import BoundMethod
from critdamp.engine.modes.methods import METHODS, VARIABLES

from .options import Decorator

PARAMETERS = tuple(name for name in VARIABLES if name != "k")


def variable_options(
    metavar: str, names: Iterable[str] = PARAMETERS, **known: Any
) -> Decorator:
    """Return a decorator for an option for each of some variables.

    Parameters
    ----------
    metavar : what is to be given, for the help
    names : of `VARIABLES`, all parameters of methods by default
    **known : for click.option
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(list(names)):
            long_name = VARIABLES[name].long_name.capitalize()
            taken = [m.name for m in METHODS.values() if name in m.dimensions]
            only = "" if len(taken) > 1 else f", for {taken[0]}"
            text = f"{long_name}{only}."
            function = click.option(f"--{name}", metavar=metavar, help=text, **known)(
                function
            )
        return function

    return decorate


def method_option() -> Decorator:
    """Return the option for a method."""
    return click.option(
        "--method", type=click.Choice(list(METHODS)), default="heavy_ball"
    )


def method_of(how: dict[str, Any]) -> tuple[BoundMethod, dict[str, Any]]:
    """Take a method and its parameters out of a command's options.

    Raises
    ------
    click.UsageError
        A parameter is missing, or one that the method does not have was given.
    """
    method = BoundMethod(METHODS[how.pop("method")])
    given = {name: how.pop(name) for name in PARAMETERS}
    for name, value in given.items():
        needed = name in method.parameters
        if value is not None and not needed:
            its = ", ".join(f"--{one}" for one in method.parameters)
            raise click.UsageError(f"--{name}: {method.method.name} has {its}")
        if value is None and needed and VARIABLES[name].default is None:
            raise click.UsageError(f"--{name}: needed by {method.method.name}")
    return method, {name: given[name] for name in method.parameters}
