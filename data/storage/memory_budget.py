"""How much memory a reader may take for a file, asked before it takes it.

A small file may unpack to more than any memory. So a reader may take half of the memory
that is free, since what follows needs copies, and at most `FACTOR` times the size of
the file, since numbers seldom compress as well. `max_memory` replaces both.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from critdamp.engine.errors import Advice, InputError

from .free_memory import free_memory
from .os_errors import RefusedError

# the factor, and up to how many bytes it does not hold
FACTOR, FLOOR = 100, 2**28
# bytes that are not asked for
_SMALL = 2**24
_UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_UNITS |= {f"{unit}i": 1024.0**i for i, unit in enumerate("kMGT", 1)}
_SIZE = re.compile(r"(\d+\.?\d*(?:e\d+)?) *([kMGT]i?)?B?", re.I | re.A)
_given: ContextVar[float | None] = ContextVar("max_memory", default=None)


class TooLargeError(RefusedError):
    """A file takes more memory than is allowed; it may be intact."""


class _Allowed(NamedTuple):
    """How many bytes are allowed, and what they are."""

    nbytes: float
    meaning: str


class Budget:
    """What may be taken to read a file.

    Parameters
    ----------
    path : path of the file
    floor : bytes up to which the size of the file does not matter, by default `FLOOR`
    """

    def __init__(self, path: str | Path, floor: float | None = None) -> None:
        self._path = Path(path)
        self._floor = FLOOR if floor is None else floor
        self._taken = 0.0

    @cached_property
    def _allowed(self) -> _Allowed:
        given = _given.get()
        if given is not None:
            return _Allowed(given, "")
        by_size = max(self._floor, FACTOR * self._path.stat().st_size)
        meaning = f", {FACTOR} times its size"
        if self._floor >= by_size:
            meaning = " for a file of its size"
        free = _Allowed(free_memory() / 2, ", half of what is free")
        return min(free, _Allowed(by_size, meaning))

    @property
    def nbytes(self) -> float:
        """Return how many bytes are allowed in all."""
        return self._allowed.nbytes

    def take(self, nbytes: float, *, more: bool = False) -> None:
        """Count bytes that are about to be taken, beside those that were.

        Parameters
        ----------
        nbytes : number of bytes
        more : whether more may follow, which is not known yet

        Raises
        ------
        TooLargeError
            They are more than is allowed.
        """
        self.check(nbytes, more=more)
        self._taken += nbytes

    def check(self, nbytes: float, *, more: bool = False) -> None:
        """Raise as `take` does, without counting what is given back at once."""
        needed = self._taken + nbytes
        if needed <= min(_SMALL, self._floor) or needed <= self.nbytes:
            return
        enough = _rounded_up(needed * (4 if more else 1))
        effect = "may allow it" if more else "allows it"
        raise TooLargeError(
            f"{self._path}: reading it takes {'more than ' * more}{_shown(needed)} of "
            f"memory, {_shown(self.nbytes)} are allowed{self._allowed.meaning}",
            advice=Advice("max_memory", enough, effect),
        )


def ask(path: str | Path, nbytes: float) -> None:
    """Raise a TooLargeError if so many bytes must not be taken to read a file."""
    Budget(path).check(nbytes)


@contextmanager
def allowing(max_memory: float | str | None) -> Iterator[None]:
    """Let readers in the block take so much memory.

    Parameters
    ----------
    max_memory : bytes, or a text like 4GB; None changes nothing

    Raises
    ------
    InputError
        It is no size.
    """
    if max_memory is None:
        yield
        return
    token = _given.set(_bytes_of(max_memory))
    try:
        yield
    finally:
        _given.reset(token)


def _bytes_of(size: float | str) -> float:
    found = _SIZE.fullmatch(f"{size}".strip())
    if found is None:
        raise InputError(
            f"{size!r} is not a size; write 4GB, 500MB or 1e9", "max_memory"
        )
    unit = (found[2] or "").lower()
    unit = unit if unit[:1] == "k" else unit.capitalize()
    return float(found[1]) * _UNITS[unit]


def _shown(nbytes: float) -> str:
    value, unit = _scaled(nbytes)
    return f"{value:.3g} {unit}" if value < 1000 else f"{value:,.0f} {unit}"


def _rounded_up(nbytes: float) -> str:
    value, unit = _scaled(nbytes)
    return f"{math.ceil(value)}{unit}"


def _scaled(nbytes: float) -> tuple[float, str]:
    """Return a number of bytes in MB, GB or TB, and which."""
    power = 12 if nbytes >= 1e12 else 9 if nbytes >= 1e9 else 6
    return nbytes / 10.0**power, {12: "TB", 9: "GB", 6: "MB"}[power]
