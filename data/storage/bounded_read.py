"""Arrays that are read at once, if their file can hold them."""

import re
from typing import Any

import h5py

from critdamp.engine.errors import FileError

# bytes of a dataset that need not be in the file, and how many times deflate packs
_FREE, _PACKED = 2**24, 1032
_SHARD = re.compile(r"shard-\d{4,}\.h5")


def read_bounded(dataset: h5py.Dataset) -> Any:
    """Return all values of a dataset.

    Raises
    ------
    FileError
        It claims more of them than its file can hold, or has them elsewhere.
    """
    path = dataset.file.filename
    refuse_elsewhere(dataset)
    if (dataset.nbytes or 0) > max(_FREE, dataset.file.id.get_filesize() * _PACKED):
        raise FileError(
            f"{path}: damaged: {dataset.name} has {dataset.nbytes} bytes, more than "
            "fit into the file"
        )
    return dataset[()]


def refuse_elsewhere(item: Any) -> None:
    """Raise a FileError where values are in other files, which may be anything.

    A live view has them in the shards beside it.
    """
    path = item.file.filename
    if isinstance(item, h5py.Dataset):
        others = item.external or []
        if item.is_virtual:
            others += [one for one in item.virtual_sources() if not _is_shard(one)]
        if others:
            raise FileError(f"{path}: {item.name} has its values in other files")


def _is_shard(source: Any) -> bool:
    return bool(_SHARD.fullmatch(source.file_name))
