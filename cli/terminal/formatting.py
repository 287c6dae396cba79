"""Text of sizes, times, rates, paths, command lines and JSON."""

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


def duration(seconds: float) -> str:
    """Return a time in seconds, or in the two largest of its units."""
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:
        return f"{minutes} min {rest} s"
    hours, rest = divmod(round(seconds / 60), 60)
    if hours < 100:
        return f"{hours} h {rest} min"
    days, rest = divmod(round(seconds / 3600), 24)
    return f"{days:,} d {rest} h"


def rate(per_second: float, unit: str) -> str:
    """Return a number per second with 3 digits, as «2,300 points/s»."""
    if per_second < 10:
        return f"{per_second:.3g} {unit}/s"
    if per_second < 1e6:
        digits = 2 - int(math.log10(per_second))
        return f"{round(per_second, digits):,.0f} {unit}/s"
    return f"{per_second / 1e6:,.3g} M {unit}/s"


def short(value: float | None) -> str:
    """Return a number with 6 digits, nothing for None."""
    return "" if value is None else f"{value:.6g}"


def plain(value: Any) -> str:
    """Return an attribute as text."""
    return short(value) if isinstance(value, float) else str(value)
