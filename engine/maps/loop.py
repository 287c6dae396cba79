"""The loop of a sweep: compute what is missing, tile by tile."""

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
    """Compute and write tiles until none is left or a stop is asked for.

    Parameters
    ----------
    tiles : what is missing
    compute : returns a tile's arrays by quantity; they may be reused by its next call
    write : keeps them
    stop : asked after each tile but the last
    progress : told of each tile that was written

    Returns
    -------
    bool
        False if it was stopped, which it is at a tile's end only.
    """
    for left, tile in zip(reversed(range(len(tiles))), tiles, strict=True):
        write(tile, compute(tile))
        progress(tile)
        if left and stop():
            return False
    return True
