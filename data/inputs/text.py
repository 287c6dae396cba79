"""Text files, compressed or not, numbers in texts, and lists of names for messages."""

import gzip
import io
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from critdamp.engine.errors import InputError

# limit of a decompressed text: characters, or a factor of the compressed size
_MIN_LIMIT, _MAX_RATIO = 2**22, 100


# a double of Fortran, as 1.0D-3
_FORTRAN = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))[dD]([+-]?\d+)")


def open_text(path: Path) -> io.TextIOBase:
    """Return an open text file, decompressed if its suffix is .gz.

    Raises
    ------
    InputError
        The decompressed text is too large for its file.
    """
    if path.suffix != ".gz":
        return path.open(encoding="utf-8-sig")
    limit = max(_MIN_LIMIT, path.stat().st_size * _MAX_RATIO)
    with gzip.open(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise InputError(
            f"{path}: unpacks to more than {_MAX_RATIO} times its size, which no text "
            "of numbers does; unpack it first if it is one"
        )
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig")


def parse_whole_number(text: str) -> int | None:
    """Return the whole number in a text of 1 to 19 digits, None for other texts."""
    digits = text.strip(" ")
    return int(digits) if digits.isdecimal() and len(digits) < 20 else None


def parse_number(text: str) -> float | complex | None:
    """Return the number that a text is, None for other texts.

    Numbers are written as 0.001, 1e-3, 1.0D-3 or (1+2j); Python's 1_000 is none.
    """
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        pass
    if fortran := _FORTRAN.fullmatch(text.strip()):
        return float("e".join(fortran.groups()))
    try:
        return complex(text)
    except ValueError:
        return None


def listed(names: Iterable[str], most: int = 20) -> str:
    """Return names in one line, with control characters escaped.

    Parameters
    ----------
    names : names to list
    most : number of names after which the rest is only counted
    """
    texts = [name if name.isprintable() else repr(name) for name in names]
    rest = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + rest


def counted(number: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun, `1 value` or `2 values`."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def several_arrays(names: Collection[str]) -> str:
    """Return the message for a file of several arrays where one is needed."""
    return f"holds {len(names)} arrays, {listed(names)}; say which one, as FILE:NAME"
