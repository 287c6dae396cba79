"""Texts, packed or not, whole numbers, and lists of names in one line."""

import gzip
import io
from collections.abc import Iterable
from pathlib import Path

from critdamp.engine.errors import InputError

# what a text may unpack to: so many characters, or times its size
_TEXT, _TEXT_TIMES = 2**22, 100


def open_text(path: Path) -> io.TextIOBase:
    """Return a text, unpacked if it is packed."""
    if path.suffix != ".gz":
        return path.open(encoding="utf-8-sig")
    most = max(_TEXT, path.stat().st_size * _TEXT_TIMES)
    with gzip.open(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise InputError(
            f"{path}: unpacks to more than {_TEXT_TIMES} times its size, which no text "
            "of numbers does; unpack it first if it is one"
        )
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig")


def parse_whole_number(text: str) -> int | None:
    """Return the number that a text of up to 19 digits is, None if it is none."""
    digits = text.strip(" ")
    return int(digits) if digits.isdecimal() and len(digits) < 20 else None


def listed(names: Iterable[str], most: int = 20) -> str:
    """Return the first names of arrays, in one line whatever characters they have."""
    known = [name if name.isprintable() else repr(name) for name in names]
    rest = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + rest
