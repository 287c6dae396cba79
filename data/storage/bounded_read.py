"""Reads of whole HDF5 datasets whose size is checked against the size of the file."""

import re
from typing import Any

import h5py

from critdamp.engine.errors import FileError

# A dataset may have this many bytes, or this factor (the maximum compression ratio of
# deflate) times the file size. A damaged header may claim more.
_MIN_BOUND, _MAX_RATIO = 2**24, 1032
_SHARD = re.compile(r"shard-\d{4,}\.h5")


def read_bounded(dataset: h5py.Dataset) -> Any:
    """Return all values of a dataset.

    Raises
    ------
    FileError
        The dataset claims more bytes than its file can hold, or stores its values in
        other files.
    """
    path = dataset.file.filename
    refuse_elsewhere(dataset)
    bound = max(_MIN_BOUND, dataset.file.id.get_filesize() * _MAX_RATIO)
    if (dataset.nbytes or 0) > bound:
        raise FileError(
            f"{path}: damaged: {dataset.name} has {dataset.nbytes} bytes, more than "
            "fit into the file"
        )
    return dataset[()]


def refuse_elsewhere(item: Any) -> None:
    """Raise a FileError if a dataset stores its values in other files.

    Such a path could name any file. Only the shards of a live view are allowed.
    """
    path = item.file.filename
    if isinstance(item, h5py.Dataset):
        others = item.external or []
        if item.is_virtual:
            others += [s for s in item.virtual_sources() if not _is_shard(s)]
        if others:
            raise FileError(f"{path}: {item.name} stores its values in other files")


def _is_shard(source: Any) -> bool:
    return bool(_SHARD.fullmatch(source.file_name))
