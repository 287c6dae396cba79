"""Direct reads and writes of encoded chunks, without HDF5's filters."""

import os
from pathlib import Path
from typing import Any

import h5py
from h5py._objects import phil

from ..storage.os_errors import refuse
from .blocks import Where, corner


def read_chunk(stored_in: Any, where: Where) -> bytes | None:
    """Return the stored bytes of a chunk, None if it is missing or skipped a filter.

    Parameters
    ----------
    stored_in : `id` of an h5py dataset
    where : block of the chunk

    Raises
    ------
    RefusedError
        The system refuses to read it.
    """
    try:
        with phil:
            mask, data = stored_in.read_direct_chunk(corner(where))
    except (OSError, RuntimeError, ValueError) as error:
        refuse(Path(os.fsdecode(h5py.h5i.get_file_id(stored_in).name)), error)
        return None
    # critdamp applies every filter; a changed mask bit would make readers skip one
    return None if mask else data


def write_chunk(stored_in: Any, offset: tuple[int, ...], data: bytes) -> None:
    """Write the encoded bytes of a chunk.

    Parameters
    ----------
    stored_in : `id` of an h5py dataset
    offset : first index of the chunk in each dimension
    data : bytes in the format of the dataset's filters
    """
    with phil:
        stored_in.write_direct_chunk(offset, data)
