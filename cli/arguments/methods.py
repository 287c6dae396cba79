"""Options for a method and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click

from critdamp.engine.backends.ufuncs import BoundMethod
from critdamp.engine.modes.methods import METHODS, VARIABLES

from .options import Decorator

PARAMETERS = tuple(name for name in VARIABLES if name != "k")
DEFAULT_METHOD = "heavy_ball"


def variable_options(
    metavar: str, names: Iterable[str] = PARAMETERS, **attributes: Any
) -> Decorator:
    """Return a decorator that adds an option for each variable.

    Parameters
    ----------
    metavar : placeholder of the value in the help
    names : keys of `VARIABLES`, by default all parameters of methods
    **attributes : passed to click.option
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(list(names)):
            long_name = VARIABLES[name].long_name.capitalize()
            methods = [m.name for m in METHODS.values() if name in m.dimensions]
            condition = "" if len(methods) > 1 else f", for {methods[0]}"
            synonyms = (f"--{synonym}" for synonym in VARIABLES[name].synonyms)
            option = click.option(
                f"--{name}",
                *synonyms,
                name,
                metavar=metavar,
                multiple=True,
                callback=_once,
                help=f"{long_name}{condition}.",
                **attributes,
            )
            function = option(function)
        return function

    return decorate


def _once(_ctx: click.Context, option: click.Parameter, values: Any) -> Any:
    """Return the one value of an option, None if it was not given."""
    if len(values) > 1:
        raise click.UsageError(f"--{option.name}: given {len(values)} times; give one")
    return values[0] if values else None


def method_option(default: str | None = DEFAULT_METHOD) -> Decorator:
    """Return a decorator that adds --method.

    Parameters
    ----------
    default : value if the option is not given; None where a plan may have the method
    """
    return click.option(
        "--method",
        type=click.Choice(list(METHODS)),
        default=default,
        help=f"The method.  [{DEFAULT_METHOD}]",
    )


def method_of(options: dict[str, Any]) -> tuple[BoundMethod, dict[str, Any]]:
    """Remove --method and its parameters from options, and return them.

    Parameters
    ----------
    options : option → value; modified

    Returns
    -------
    the method, and its parameters, None where an option was not given

    Raises
    ------
    click.UsageError
        A parameter is missing, or is none of the method.
    """
    method = BoundMethod(METHODS[options.pop("method")])
    values = {name: options.pop(name) for name in PARAMETERS}
    for name, value in values.items():
        needed = name in method.parameters
        if value is not None and not needed:
            allowed = ", ".join(f"--{parameter}" for parameter in method.parameters)
            raise click.UsageError(f"--{name}: {method.method.name} has {allowed}")
        if value is None and needed and VARIABLES[name].default is None:
            raise click.UsageError(f"--{name}: needed by {method.method.name}")
    return method, {name: values[name] for name in method.parameters}
