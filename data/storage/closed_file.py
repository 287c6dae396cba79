"""Files whose values are all inside, and take no more memory than is allowed.

A link, a dataset with external storage or a virtual one could name any file.
"""

from __future__ import annotations

import re
from typing import Any

import h5py
from h5py import h5a, h5l

from critdamp.engine.errors import FileError

from .bounded_read import DEFLATED, FEW_TEXTS, chunk_bytes, has_texts, refuse_elsewhere
from .memory_budget import Budget

_SHARD = re.compile(r"shard-\d{4,}\.h5")
# bytes of a reference to a text, and those that every dataset may have
_REFERENCE, _LEAST = 16, 2**24


def outward_link(file: h5py.File) -> str:
    """Return the name of a link of a file to another file, empty if it has none.

    A soft link leads to another file only through such a link.
    """

    def named(name: bytes, link: Any) -> str | None:
        inside = link.type in (h5l.TYPE_HARD, h5l.TYPE_SOFT)
        return None if inside else name.decode("utf-8", "backslashreplace")

    return file.id.links.visit(named, info=True) or ""


def members(group: h5py.Group) -> dict[str, Any]:
    """Return what is in a group of any file, by name.

    Raises
    ------
    FileError
        A link in the group may lead to another file.
    """
    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink) and outward_link(group.file):
            raise _link_error(group.file, f"{group.name.rstrip('/')}/{name}")
    return dict(group.items())


def check_closed(file: h5py.File, *, shards: bool = False) -> set[str]:
    """Raise a FileError if anything in a file leads to another file, or is too large.

    Parameters
    ----------
    file : file that critdamp may have written
    shards : whether virtual datasets may lead to shards

    Returns
    -------
    set
        Names of the shards that virtual datasets lead to.
    """
    if name := outward_link(file):
        raise _link_error(file, name)
    names: set[str] = set()

    def check(_name: str, item: Any) -> None:
        _check_attributes(item)
        if isinstance(item, h5py.Dataset):
            found = _shards_of(item) if shards else set()
            if not found:
                refuse_elsewhere(item)
                _check_size(item)
            names.update(found)

    check("/", file)
    file.visititems(check)
    return names


def check_attributes(file: h5py.File) -> None:
    """Raise a TooLargeError if an attribute of a file may be too large to be read."""
    _check_attributes(file)
    file.visititems(lambda _name, item: _check_attributes(item))


def _shards_of(dataset: h5py.Dataset) -> set[str]:
    """Return the names of the shards of a virtual dataset, empty if it has others."""
    if not dataset.is_virtual or dataset.external:
        return set()
    found = {source.file_name for source in dataset.virtual_sources()}
    return found if all(map(_SHARD.fullmatch, found)) else set()


def _check_size(dataset: h5py.Dataset) -> None:
    path, size = dataset.file.filename, dataset.file.id.get_filesize()
    # a shard has the shape of the whole grid, and some of its chunks
    is_partial = dataset.chunks and dataset.file.attrs.get("status") == "partial"
    if not is_partial and dataset.nbytes > max(_LEAST, DEFLATED * size):
        raise FileError(
            f"{path}: damaged: {dataset.name} has {dataset.nbytes} bytes, more than "
            "fit into the file"
        )
    Budget(path).take(chunk_bytes(dataset))


def _check_attributes(item: Any) -> None:
    large: list[tuple[bytes, int]] = []

    def note(name: bytes, info: Any) -> None:
        if info.data_size > FEW_TEXTS * _REFERENCE:
            large.append((name, info.data_size // _REFERENCE))

    h5a.iterate(item.id, note, info=True)
    for name, count in large:
        _check_texts(item, name, count)


def _check_texts(item: Any, name: bytes, count: int) -> None:
    try:
        are_texts = has_texts(h5a.open(item.id, name).dtype)
    except TypeError:  # of a type that h5py does not read
        return
    if are_texts:  # each may be as large as the file
        size = float(item.file.id.get_filesize())
        Budget(item.file.filename).take(count * size)


def _link_error(file: h5py.File, name: str) -> FileError:
    return FileError(f"{file.filename}: {name} is a link, maybe to another file")
