"""Numbers, sizes, command lines and JSON as a terminal shows them."""

from __future__ import annotations

import json
import math
import shlex
import sys
from pathlib import Path
from typing import Any

import click


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
