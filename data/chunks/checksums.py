"""Checksums, by which a flipped bit is found and named.

Each chunk has the CRC-32 of its bytes as they stand in the file; how maps are stored
has a hash, and so has everything that a file says, axes, plan and attributes. A bit
that changes nothing of what is read is nobody's harm.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from critdamp.engine.errors import FileError

from ..storage.bounded_read import read_bounded

GROUP = "checksums"
SEALS = HASH, STORED = "described_sha256", "stored_sha256"


class DamagedError(FileError):
    """A file whose bytes are not those that were written."""


def add_checksums(file: h5py.File, name: str, values: Any) -> None:
    """Keep the CRC-32 of a map's chunks, in an array with a place for each chunk."""
    dataset = file.require_group(GROUP).create_dataset(name, data=values)
    dataset.attrs["long_name"] = "CRC-32 of each chunk's bytes as they are stored"


def seal(file: h5py.File, maps: tuple[str, ...]) -> None:
    """Keep the hashes of what a file says beside its maps, when all of it is there."""
    file.attrs[STORED] = _stored(file, maps)
    file.attrs[HASH] = described(file, maps)


def sealed(file: h5py.File, maps: tuple[str, ...]) -> bool:
    """Tell whether what a file says beside its maps is what was written."""
    # a file that is older than the second hash has none
    known = file.attrs.get(STORED, None)
    if known is not None and known != _stored(file, maps):
        return False
    return bool(file.attrs.get(HASH) == described(file, maps))


def _stored(file: h5py.File, maps: tuple[str, ...]) -> str:
    """Return the hash of what it takes to make numbers of the chunks of maps."""
    digest = hashlib.sha256()
    for name in maps:
        created, kind = file[name].id.get_create_plist(), file[name].id.get_type()
        usual = kind.equal(h5py.h5t.py_create(file[name].dtype))
        filters = [created.get_filter(i) for i in range(created.get_nfilters())]
        layout = created.get_layout(), created.get_external_count()
        digest.update(repr((name, usual, filters, layout)).encode())
        digest.update(_bytes(file[name].fillvalue))
    return digest.hexdigest()


def described(file: h5py.File, maps: tuple[str, ...]) -> str:
    """Return the hash of all names, kinds, values and attributes but maps' values."""
    digest = hashlib.sha256()
    for text in _lines(file, maps):
        digest.update(text)
    return digest.hexdigest()


def _lines(file: h5py.File, maps: tuple[str, ...]) -> Iterator[bytes]:
    names: list[str] = []
    file.visit(names.append)
    for name in ["/", *sorted(names)]:
        item = file[name]
        yield f"\n{name}".encode()
        if isinstance(item, h5py.Dataset):
            yield f" {item.dtype} {item.shape} {item.chunks}".encode()
            if name not in maps:
                yield _bytes(read_bounded(item))
        for key in sorted(item.attrs):
            # references to other datasets are addresses, their names are hashed
            if key not in (HASH, "DIMENSION_LIST", "REFERENCE_LIST"):
                yield f"\n{key}".encode() + _bytes(item.attrs[key])
        if isinstance(item, h5py.Dataset):
            yield "".join(f" {d.label} {list(d.keys())}" for d in item.dims).encode()


def _bytes(value: Any) -> bytes:
    array = np.asarray(value)
    if array.dtype.kind in "OUS":
        return repr(array.tolist()).encode()
    return f" {array.dtype} {array.shape} ".encode() + array.tobytes()
