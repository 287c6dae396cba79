"""The loop of a sweep: compute what is missing, tile by tile."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .grid import Tile

Arrays = Mapping[str, npt.NDArray[np.generic]]


def never() -> bool:
    """Return False: nobody asks to stop."""
    return False


def ignore(*_seen: Any) -> None:
    """Do nothing with what is reported."""


def run(
    tiles: Iterable[Tile],
    compute: Callable[[Tile], Arrays],
    write: Callable[[Tile, Arrays], None],
    *,
    stop: Callable[[], bool] = never,
    progress: Callable[[Tile], None] = ignore,
) -> bool:
    """Compute and write tiles until none is left or a stop is asked for.

    Parameters
    ----------
    tiles : what is missing
    compute : returns a tile's arrays by quantity; they may be reused by its next call
    write : keeps them
    stop : asked after each tile
    progress : told of each tile that was written

    Returns
    -------
    bool
        False if it was stopped, which it is at a tile's end only.
    """
    for tile in tiles:
        write(tile, compute(tile))
        progress(tile)
        if stop():
            return False
    return True
