"""Checksums that detect and locate changed bytes.

Each chunk has the CRC-32 of its stored bytes. One SHA-256 covers how the maps are
stored (type, filters, layout, fill value), another covers everything else: names,
axes, plan and attributes. It covers what was there when it was made, of which the file
has a list: others may add notes. Bytes that no reader interprets are not covered.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from critdamp.engine.errors import FileError

from ..storage.bounded_read import read_bounded

GROUP = "checksums"
SEALS = HASH, STORED = "described_sha256", "stored_sha256"
# attribute of the group with the list
LIST = "described_names"
# references are addresses in the file; the names behind them are hashed
_NOT_COVERED = (HASH, "DIMENSION_LIST", "REFERENCE_LIST")

# name of a group or dataset → names of its attributes
Names = dict[str, list[str]]


class DamagedError(FileError):
    """The bytes of a file are not those that were written."""


def add_checksums(file: h5py.File, name: str, values: Any) -> None:
    """Write the CRC-32 of each chunk of a map, shape (chunks along each dimension)."""
    dataset = file.require_group(GROUP).create_dataset(name, data=values)
    dataset.attrs["long_name"] = "CRC-32 of each chunk's bytes as they are stored"


def seal(file: h5py.File, maps: tuple[str, ...], known: Names | None = None) -> None:
    """Write the hashes of the storage and the metadata of a complete file.

    Parameters
    ----------
    file : file with all that it will have
    maps : names of the maps
    known : names that the hash covers; by default all
    """
    file.attrs[STORED] = _stored(file, maps)
    file.require_group(GROUP).attrs[LIST] = ""
    names = _all_names(file)
    if known is not None:
        names = {
            name: [key for key in keys if key in known[name]]
            for name, keys in names.items()
            if name in known
        }
    file[GROUP].attrs[LIST] = json.dumps(names, separators=(",", ":"))
    file.attrs[HASH] = _described(file, maps, names)


def sealed(file: h5py.File, maps: tuple[str, ...]) -> bool:
    """Return whether the hashes of storage and metadata match the file.

    Raises
    ------
    Exception
        Something is missing or damaged, of any kind that h5py raises.
    """
    # files written before the storage hash existed do not have it
    stored = file.attrs.get(STORED, None)
    if stored is not None and stored != _stored(file, maps):
        return False
    names = covered(file)
    # in files written before the list existed, all is covered
    names = _all_names(file) if names is None else names
    return bool(file.attrs.get(HASH) == _described(file, maps, names))


def covered(file: h5py.File) -> Names | None:
    """Return the names that the hash of the metadata covers, None without a list."""
    text = file[GROUP].attrs.get(LIST) if GROUP in file else None
    return None if text is None else json.loads(text)


def _stored(file: h5py.File, maps: tuple[str, ...]) -> str:
    """Return the SHA-256 of type, filters, layout and fill value of the maps."""
    digest = hashlib.sha256()
    for name in maps:
        properties, kind = file[name].id.get_create_plist(), file[name].id.get_type()
        native = kind.equal(h5py.h5t.py_create(file[name].dtype))
        filters = [properties.get_filter(i) for i in range(properties.get_nfilters())]
        layout = properties.get_layout(), properties.get_external_count()
        digest.update(repr((name, native, filters, layout)).encode())
        digest.update(_bytes(file[name].fillvalue))
    return digest.hexdigest()


def _all_names(file: h5py.File) -> Names:
    names = ["/"]
    file.visit(names.append)
    return {
        name: [key for key in sorted(file[name].attrs) if key not in _NOT_COVERED]
        for name in names
    }


def _described(file: h5py.File, maps: tuple[str, ...], names: Names) -> str:
    """Return the SHA-256 of names, types, values and attributes but map values."""
    digest = hashlib.sha256()
    for item in _hashed_items(file, maps, names):
        digest.update(item)
    return digest.hexdigest()


def _hashed_items(
    file: h5py.File, maps: tuple[str, ...], names: Names
) -> Iterator[bytes]:
    for name in sorted(names, key=lambda name: name.lstrip("/")):
        item = file[name]
        yield f"\n{name}".encode()
        if isinstance(item, h5py.Dataset):
            yield f" {item.dtype} {item.shape} {item.chunks}".encode()
            if name not in maps:
                yield _bytes(read_bounded(item))
        for key in sorted(names[name]):
            yield f"\n{key}".encode() + _bytes(item.attrs[key])
        if isinstance(item, h5py.Dataset):
            yield "".join(f" {d.label} {list(d.keys())}" for d in item.dims).encode()


def _bytes(value: Any) -> bytes:
    array = np.asarray(value)
    if array.dtype.kind in "OUS":
        return repr(array.tolist()).encode()
    return f" {array.dtype} {array.shape} ".encode() + array.tobytes()
