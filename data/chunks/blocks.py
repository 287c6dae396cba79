"""Index arithmetic of blocks and chunks of a map."""

Where = tuple[slice, ...]
Lengths = tuple[int, ...]


def named(quantity: str, where: Where) -> str:
    """Return a block as text with its quantity, `rate[0:1, 128:256]`."""
    return f"{quantity}[{ranges(where)}]"


def ranges(where: Where) -> str:
    """Return a block as text, one index range for each dimension."""
    return ", ".join(f"{side.start}:{side.stop}" for side in where)


def corner(where: Where) -> Lengths:
    """Return the first index of a block in each dimension, HDF5's chunk offset."""
    return tuple(side.start for side in where)


def chunk_counts(shape: Lengths, chunk: Lengths) -> Lengths:
    """Return the number of chunks along each dimension of a map.

    Parameters
    ----------
    shape : lengths of the map
    chunk : lengths of a full chunk
    """
    return tuple(-(-n // length) for n, length in zip(shape, chunk, strict=True))


def chunk_index(corner: Lengths, chunk: Lengths) -> Lengths:
    """Return the index of a chunk among all chunks, from its offset in the map."""
    return tuple(start // length for start, length in zip(corner, chunk, strict=True))


def chunk_block(index: Lengths, shape: Lengths, chunk: Lengths) -> Where:
    """Return the block of the chunk with an index, clipped to the shape of the map."""
    sides = zip(index, chunk, shape, strict=True)
    return tuple(slice(i * c, min(i * c + c, n)) for i, c, n in sides)
