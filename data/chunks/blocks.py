"""Blocks."""

from critdamp.engine.maps.grid import Grid

Where = tuple[slice, ...]


def named(quantity: str, where: Where) -> str:
    """Return how people call a block of a map."""
    return f"{quantity}[{ranges(where)}]"


def ranges(where: Where) -> str:
    """Return a place as text, a range of indices for each dimension."""
    return ", ".join(f"{side.start}:{side.stop}" for side in where)


def corner(where: Where) -> tuple[int, ...]:
    """Return the first index of a block in each dimension, as HDF5 names a chunk."""
    return tuple(side.start for side in where)


def place_of(grid: Grid, corner: tuple[int, ...]) -> tuple[int, ...]:
    """Return the place among chunks of the one at a corner."""
    return tuple(at // n for at, n in zip(corner, grid.chunk_shape, strict=True))


def chunks_of(grid: Grid) -> tuple[int, ...]:
    """Return how many chunks there are along each dimension."""
    sides = zip(grid.shape, grid.chunk_shape, strict=True)
    return tuple(-(-n // length) for n, length in sides)
