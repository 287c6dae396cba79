"""The loop of a sweep over the missing tiles."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ..callbacks import ignore, never
from .grid import Tile

Arrays = Mapping[str, npt.NDArray[np.generic]]


def run(
    tiles: Sequence[Tile],
    compute: Callable[[Tile], Arrays],
    write: Callable[[Tile, Arrays], None],
    *,
    stop: Callable[[], bool] = never,
    progress: Callable[[Tile], None] = ignore,
) -> bool:
    """Compute and write tiles until all are done or `stop` returns True.

    Parameters
    ----------
    tiles : the missing tiles
    compute : tile → {quantity: array}; the next call may overwrite the arrays
    write : stores the arrays of a tile
    stop : called after each tile except the last
    progress : called with each tile after it was written

    Returns
    -------
    bool
        False if the loop was stopped, True if all tiles are done.
    """
    for remaining, tile in zip(reversed(range(len(tiles))), tiles, strict=True):
        write(tile, compute(tile))
        progress(tile)
        if remaining and stop():
            return False
    return True
