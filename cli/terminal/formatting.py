"""Text of sizes, paths, command lines and JSON."""

from __future__ import annotations

import json
import math
import shlex
import sys
from pathlib import Path
from typing import Any

import click


def emit(record: dict[str, Any]) -> None:
    """Print an object as strict JSON; inf and nan become strings."""
    click.echo(json.dumps(_strict(record), indent=2, allow_nan=False))


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return str(value) if isinstance(value, Path) else value


def command_line() -> str:
    """Return the command line of this process, quoted for a shell."""
    return as_text(shlex.join(["critdamp", *sys.argv[1:]]))


def as_text(name: str | Path) -> str:
    """Return a file name as text that can be encoded in UTF-8."""
    return str(name).encode("utf-8", "backslashreplace").decode()


def nbytes(count: float) -> str:
    """Return a number of bytes with 3 digits and a unit."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
