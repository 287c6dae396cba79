"""The loop of a sweep over the missing tiles."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..callbacks import ignore, never
from . import pieces
from .grid import Tile

Arrays = Mapping[str, npt.NDArray[np.generic]]


class Compute(Protocol):
    """Computes a tile: see `TileComputer`."""

    def __call__(self, tile: Tile, between: Callable[[int], bool], /) -> Arrays | None:
        """Return the arrays of a tile, None if `between` returned True."""


def run(
    tiles: Sequence[Tile],
    compute: Compute,
    write: Callable[[Tile, Arrays], None],
    *,
    stop: Callable[[], bool] = never,
    progress: Callable[[int], object] = ignore,
) -> bool:
    """Compute and write tiles until all are done or `stop` returns True.

    Parameters
    ----------
    tiles : the missing tiles
    compute : computes a tile in pieces; the next call may overwrite the arrays
    write : stores the arrays of a tile
    stop : called after each tile except the last, and within tiles that take longer
        than `pieces.SECONDS`; a tile in which it returns True is not written
    progress : called with the number of computed points, before `stop` is

    Returns
    -------
    bool
        False if the loop was stopped, True if all tiles are done.
    """
    watch = _Watch(stop, progress)
    for remaining, tile in zip(reversed(range(len(tiles))), tiles, strict=True):
        arrays = compute(tile, watch.within)
        if arrays is None:
            return False
        write(tile, arrays)
        watch.report(tile.size)
        if remaining and stop():
            return False
    return True


class _Watch:
    """Reports progress; within a tile it also asks whether to stop, now and then."""

    def __init__(
        self, stop: Callable[[], bool], progress: Callable[[int], object]
    ) -> None:
        self._stop, self._progress = stop, progress
        self._computed = 0
        self._reported = time.monotonic()

    def report(self, points: int) -> None:
        """Report a tile that was written."""
        self._computed += points
        self._progress(self._computed)
        self._reported = time.monotonic()

    def within(self, points: int) -> bool:
        """Report the points of a tile that is being computed, and ask to stop."""
        if time.monotonic() - self._reported < pieces.SECONDS:
            return False
        self._progress(self._computed + points)
        self._reported = time.monotonic()
        return self._stop()
