"""Chunks as they stand in a file, past HDF5's filters."""

from typing import Any

from h5py._objects import phil

from .blocks import Where, corner


def read_chunk(stored_in: Any, where: Where) -> bytes | None:
    """Return the bytes of a chunk, None where it has none that all filters made.

    Parameters
    ----------
    stored_in : `id` of a dataset of h5py
    where : the chunk's place, from the first index in each dimension on
    """
    try:
        with phil:
            mask, data = stored_in.read_direct_chunk(corner(where))
    except (OSError, RuntimeError, ValueError):
        return None
    # critdamp leaves no filter out; a reader would, where a bit of the mask has changed
    return None if mask else data


def write_chunk(stored_in: Any, offset: tuple[int, ...], data: bytes) -> None:
    """Write the bytes of a chunk.

    Parameters
    ----------
    stored_in : `id` of a dataset of h5py
    offset : the chunk's first index in each dimension
    data : its bytes, as its filters leave them
    """
    with phil:
        stored_in.write_direct_chunk(offset, data)
