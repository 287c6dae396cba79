"""Blocks of a map, and the chunks that a map is stored in."""

Where = tuple[slice, ...]
Lengths = tuple[int, ...]


def named(quantity: str, where: Where) -> str:
    """Return a block of a map as text, `rate[0:1, 128:256]`."""
    return f"{quantity}[{ranges(where)}]"


def ranges(where: Where) -> str:
    """Return a block as text, a range of indices for each dimension."""
    return ", ".join(f"{side.start}:{side.stop}" for side in where)


def corner(where: Where) -> Lengths:
    """Return the first index of a block in each dimension, as HDF5 names a chunk."""
    return tuple(side.start for side in where)


def chunk_counts(shape: Lengths, chunk: Lengths) -> Lengths:
    """Return how many chunks there are along each dimension of a map.

    Parameters
    ----------
    shape, chunk : lengths of the map, and of a chunk that its edge does not cut
    """
    return tuple(-(-n // length) for n, length in zip(shape, chunk, strict=True))


def chunk_index(corner: Lengths, chunk: Lengths) -> Lengths:
    """Return the place among chunks of the one at a corner."""
    return tuple(at // length for at, length in zip(corner, chunk, strict=True))


def chunk_block(index: Lengths, shape: Lengths, chunk: Lengths) -> Where:
    """Return the block of the chunk at a place, cut by the map's edge."""
    sides = zip(index, chunk, shape, strict=True)
    return tuple(slice(i * c, min(i * c + c, n)) for i, c, n in sides)
