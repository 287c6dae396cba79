"""Callbacks that do nothing, for arguments that are not given."""

from typing import Any


def never() -> bool:
    """Return False: nobody asks to stop."""
    return False


def ignore(*_seen: Any) -> None:
    """Do nothing with what is reported."""
