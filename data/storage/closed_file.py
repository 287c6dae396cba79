"""Files whose values are all inside, and take no more memory than is allowed.

A link, a dataset with external storage or a virtual one could name any file.
"""

from __future__ import annotations

import json
import re
from typing import Any

import h5py
from h5py import h5a, h5l

from critdamp.engine.errors import FileError

from .bounded_read import (
    DEFLATED,
    FEW_TEXTS,
    REFERENCE,
    Attributes,
    check_attribute,
    chunk_bytes,
    refuse_elsewhere,
)
from .memory_budget import Budget

_SHARD = re.compile(r"shard-\d{4,}\.h5")
# bytes that every dataset may have
_LEAST = 2**24
# attributes that readers of critdamp ask for by name
_READ = {
    "format", "format_version", "status", "uuid", "source", "plan_sha256", "axes",
    "signal", "auxiliary_signals", "name", "zero_tolerance", "negative_modes_dropped",
    "units", "long_name", "flag_values", "flag_meanings", "seconds", "stored_sha256",
    "described_sha256", "described_names",
}  # fmt: skip
# a seal, and the group and the attribute that list what it covers
_SEAL, _SEALED_IN, _COVERED = "described_sha256", "checksums", "described_names"


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
            where = f"{group.name.rstrip('/')}/{name}"
            raise link_error(group.file, where, "read that file itself")
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
        raise link_error(file, name, f'remove it, as by h5py: del file["{name}"]')
    names: set[str] = set()
    long: list[tuple[str, str]] = []

    def check(name: str, item: Any) -> None:
        long.extend((name, key) for key in _long_attributes(item))
        if isinstance(item, h5py.Dataset):
            found = _shards_of(item) if shards else set()
            if not found:
                refuse_elsewhere(item)
                _check_size(item)
            names.update(found)

    check("/", file)
    file.visititems(check)
    if long:
        _check_attributes(file, long)
    return names


def _shards_of(dataset: h5py.Dataset) -> set[str]:
    """Return the names of the shards of a virtual dataset, empty if it has others."""
    if not dataset.is_virtual or dataset.external:
        return set()
    found = {source.file_name for source in dataset.virtual_sources()}
    return found if all(map(_SHARD.fullmatch, found)) else set()


def _check_size(dataset: h5py.Dataset) -> None:
    path, size = dataset.file.filename, dataset.file.id.get_filesize()
    # a shard has the shape of the whole grid, and some of its chunks
    is_partial = dataset.chunks and Attributes(dataset.file).get("status") == "partial"
    if not is_partial and dataset.nbytes > max(_LEAST, DEFLATED * size):
        raise FileError(
            f"{path}: damaged: {dataset.name} has {dataset.nbytes} bytes, more than "
            "fit into the file"
        )
    Budget(path).take(chunk_bytes(dataset))


def _long_attributes(item: Any) -> list[str]:
    """Return the names of attributes that may be a long list of texts."""
    long: list[str] = []

    def note(name: bytes, info: Any) -> None:
        if info.data_size > FEW_TEXTS * REFERENCE:
            long.append(name.decode("utf-8", "surrogateescape"))

    h5a.iterate(item.id, note, info=True)
    return long


def _check_attributes(file: h5py.File, long: list[tuple[str, str]]) -> None:
    """Raise a TooLargeError if an attribute that is always read may be too large."""
    covered = _covered(file)
    for name, key in long:
        if key in _READ or covered is None or key in covered.get(name, ()):
            check_attribute(file[name], key)


def _covered(file: h5py.File) -> dict[str, list[str]] | None:
    """Return the names that the seal of a file covers, None if those are all."""
    group = file.get(_SEALED_IN)
    text = None if group is None else Attributes(group).get(_COVERED)
    if text is None:
        return None if _SEAL in file.attrs else {}
    return dict(json.loads(text))


def link_error(file: h5py.File, name: str, advice: str) -> FileError:
    """Return the error for a link that is not followed."""
    return FileError(
        f"{file.filename}: {name} is a link, maybe to another file, which is not "
        f"followed; {advice}"
    )
