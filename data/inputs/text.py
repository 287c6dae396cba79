"""Text files, compressed or not, numbers in texts, and lists of names for messages."""

import gzip
import io
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from ..storage.memory_budget import Budget

# bytes to which any text may unpack, and that are unpacked at a time
_FLOOR, _STEP = 2**22, 2**20
# array names that other packages use for eigenvalues or Ritz values, and for weights
VALUES = ("k", "eigenvalues", "ritz_values", "raw_eigenvalues", "eigvals", "nodes")
WEIGHTS = ("weights", "raw_weights", "ritz_weights", "multiplicities")
# a double of Fortran, as 1.0D-3
_FORTRAN = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))[dD]([+-]?\d+)")


def open_text(path: Path) -> io.TextIOBase:
    """Return an open text file, decompressed if its suffix is .gz.

    Raises
    ------
    TooLargeError
        The decompressed text is too large for its file.
    """
    if path.suffix != ".gz":
        return path.open(encoding="utf-8-sig")
    budget = Budget(path, _FLOOR)
    with gzip.open(path) as file:  # which takes less time than any reader of texts
        while data := file.read(_STEP):
            budget.take(len(data), more=True)
    return io.TextIOWrapper(gzip.open(path), encoding="utf-8-sig")


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
