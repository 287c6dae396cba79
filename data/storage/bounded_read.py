"""Reads of HDF5 datasets that take no more memory than is allowed."""

from __future__ import annotations

import itertools
import math
import zlib
from typing import Any

import h5py
import numpy as np

from critdamp.engine.errors import FileError

from .memory_budget import Budget

# the maximum compression ratio of deflate, whose filter has the id 1
DEFLATED, _DEFLATE = 1032, 1
# bytes that filters may add to a chunk, and that are unpacked at a time
_SLACK, _STEP = 2**12, 2**20
# number of texts up to which their sizes are not counted
FEW_TEXTS = 64


def read_bounded(dataset: h5py.Dataset, budget: Budget | None = None) -> Any:
    """Return all values of a dataset.

    Parameters
    ----------
    dataset : a dataset of any file
    budget : what may be taken for the file, where several datasets are read

    Raises
    ------
    FileError
        The dataset stores its values in other files, a chunk is larger than it should
        be, or the values take more memory than is allowed.
    """
    budget = budget or Budget(dataset.file.filename)
    refuse_elsewhere(dataset)
    budget.take(_claimed(dataset))
    if dataset.size:
        check_chunks(dataset)
    return dataset[()]


def read_block(dataset: h5py.Dataset, where: Any) -> Any:
    """Return the values of a block of a map, of which no chunk is larger than it says.

    Parameters
    ----------
    dataset : a dataset of a file that `open_to_read` opened
    where : index, or slices
    """
    check_chunks(dataset, where)
    return dataset[where]


def refuse_elsewhere(item: Any) -> None:
    """Raise a FileError if a dataset stores its values in other files.

    Such a path could name any file.
    """
    if isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
        path = item.file.filename
        raise FileError(f"{path}: {item.name} stores its values in other files")


def chunk_bytes(dataset: h5py.Dataset) -> int:
    """Return the bytes of a chunk, which HDF5 reads for any value in it."""
    return int(math.prod(dataset.chunks or (0,)) * dataset.dtype.itemsize)


def has_texts(dtype: np.dtype[Any]) -> bool:
    """Return whether values of a type have no fixed size, as texts and lists."""
    return dtype.hasobject and h5py.check_ref_dtype(dtype) is None


def _claimed(dataset: h5py.Dataset) -> float:
    """Return the most bytes that all values of a dataset can have."""
    values = float(dataset.size or 0)
    if not has_texts(dataset.dtype):
        return values * int(dataset.dtype.itemsize) + chunk_bytes(dataset)
    # each may be as large as the file, in which they are not compressed
    size = int(dataset.file.id.get_filesize())
    return values * size if values > FEW_TEXTS else 0.0


def check_chunks(dataset: h5py.Dataset, where: Any = None) -> None:
    """Raise a FileError if a chunk unpacks to more than its size.

    HDF5 takes whatever the filter deflate gives, however much that is.

    Parameters
    ----------
    dataset : a dataset of any file
    where : index, or slices, of the chunks that are looked at; all by default
    """
    properties = dataset.id.get_create_plist()
    filters = [properties.get_filter(i)[0] for i in range(properties.get_nfilters())]
    times = filters.count(_DEFLATE)
    if not dataset.chunks or not times:
        return
    size = chunk_bytes(dataset) + _SLACK
    most = max(size, Budget(dataset.file.filename).nbytes) / float(DEFLATED) ** times
    for offset in _chunks_above(dataset, where, most):
        data = dataset.id.read_direct_chunk(offset)[1]
        if times > 1 or not _unpacks_within(data, size):
            raise FileError(
                f"{dataset.file.filename}: damaged: a chunk of {dataset.name} unpacks "
                "to more than its size"
            )


def _chunks_above(dataset: h5py.Dataset, where: Any, most: float) -> list[Any]:
    """Return the first indices of the chunks that have more stored bytes."""
    found: list[Any] = []

    def add(chunk: Any) -> None:
        if (chunk.size or 0) > most:
            found.append(chunk.chunk_offset)

    if where is None:
        dataset.id.chunk_iter(add)
        return found
    sides = []
    for side, length, chunk in zip(where, dataset.shape, dataset.chunks, strict=True):
        whole = side if isinstance(side, slice) else slice(side, side + 1)
        start, stop, _ = whole.indices(length)
        sides.append(range(start - start % chunk, stop, chunk))
    for offset in itertools.product(*sides):
        add(dataset.id.get_chunk_info_by_coord(offset))
    return found


def _unpacks_within(data: bytes, size: int) -> bool:
    """Return whether deflated bytes unpack to no more than a size."""
    unpacking, count = zlib.decompressobj(), 0
    while data and not unpacking.eof and count <= size:
        try:
            count += len(unpacking.decompress(data, _STEP))
        except zlib.error:  # HDF5 stops here as well
            break
        data = unpacking.unconsumed_tail
    return count <= size
