"""Reads of HDF5 datasets and attributes that take no more memory than is allowed."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
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
# bytes of a reference to a text
REFERENCE = 16
# what a collection of texts in a file begins with; where it has its size
_COLLECTION, _SIZE = b"GCOL", slice(8, 16)


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


class Attributes(Mapping[str, Any]):
    """The attributes of a file, group or dataset, of which none takes too much memory.

    An attribute is looked at when it is read: others may add long notes, which nobody
    reads.

    Parameters
    ----------
    item : file, group or dataset of any file
    """

    def __init__(self, item: Any) -> None:
        self._item = item

    def __getitem__(self, name: str) -> Any:
        """Return a value; raise a TooLargeError if its texts may be too large."""
        if name not in self._item.attrs:
            raise KeyError(name)
        check_attribute(self._item, name)
        return self._item.attrs[name]

    def __contains__(self, name: object) -> bool:
        """Return whether there is an attribute of this name, which is not read."""
        return name in self._item.attrs

    def __iter__(self) -> Iterator[str]:
        """Return an iterator over the names."""
        return iter(self._item.attrs)

    def __len__(self) -> int:
        """Return the number of attributes."""
        return len(self._item.attrs)


def check_attribute(item: Any, name: str) -> None:
    """Raise a TooLargeError if the texts of an attribute may be too large."""
    attribute = item.attrs.get_id(name)
    try:
        are_texts = has_texts(attribute.dtype)
    except TypeError:  # of a type that h5py does not read
        return
    if are_texts:
        is_empty = attribute.get_space().get_simple_extent_npoints() == 0
        count = 0 if is_empty else attribute.get_storage_size() // REFERENCE
        Budget(item.file.filename).check(_text_bytes(item.file, count))


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
    return _text_bytes(dataset.file, values)


def _text_bytes(file: h5py.File, count: float) -> float:
    """Return the most bytes that so many texts of a file can have.

    Several references may be to one text. A text is not compressed, and lies inside a
    collection.
    """
    if count <= FEW_TEXTS:
        return 0.0
    size = int(file.id.get_filesize())
    if count * size > Budget(file.filename).nbytes:
        size = min(size, _largest_collection(file.filename))
    return count * size


def _largest_collection(path: str) -> int:
    """Return the largest size of what looks like a collection of texts in a file."""
    largest, rest = 0, b""
    with Path(path).open("rb") as file:
        while piece := file.read(_STEP):
            data = rest + piece
            at = data.find(_COLLECTION)
            while 0 <= at <= len(data) - _SIZE.stop:
                size = data[at + _SIZE.start : at + _SIZE.stop]
                largest = max(largest, int.from_bytes(size, "little"))
                at = data.find(_COLLECTION, at + 1)
            rest = data[-_SIZE.stop + 1 :]
    return largest


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
