"""Default callbacks, which do nothing."""

from typing import Any


def never() -> bool:
    """Return False, the default of `stop` callbacks."""
    return False


def ignore(*_arguments: Any) -> None:
    """Discard the arguments, the default of `report` and `progress` callbacks."""
