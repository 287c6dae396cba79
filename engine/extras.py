"""Packages that only some functions need, and the line that installs them."""

from importlib import import_module
from typing import Any

from .errors import CritdampError


def load(module: str, extra: str, install: str = "") -> Any:
    """Return a module of a package that is not installed with critdamp itself.

    Parameters
    ----------
    module : its dotted name
    extra : the extra of critdamp that installs it
    install : what pip installs instead, where there is no extra

    Raises
    ------
    CritdampError
        The package is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name != package:  # installed, and broken
            raise
        wanted = install or f"'critdamp[{extra}]'"
        raise CritdampError(
            f"{package} is not installed: pip install {wanted}"
        ) from None
