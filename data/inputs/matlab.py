"""MATLAB files of versions 4 and 5. SciPy trusts types and counts of 5, and crashes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from critdamp.engine.errors import InputError

# data types of .mat files of version 5, and what numbers a class of arrays has
_MATRIX, _COMPRESSED = 14, 15
_TYPES = dict(
    enumerate(
        ["i1", "u1", "i2", "u2", "i4", "u4", "f4", "-", "f8", "-", "-", "i8", "u8"], 1
    )
)
_SPARSE, _COMPLEX = 5, 0x800
_CLASSES = dict(
    enumerate(["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"], 6)
)


def read_mat(path: Path) -> dict[str, Any]:
    """Return the arrays of numbers by name; what else is there is left out.

    Raises
    ------
    InputError, ValueError
        It is no such file, or cut off.
    """
    data = path.read_bytes()
    if 0 in data[:4]:  # version 4
        from scipy.io import loadmat

        found = loadmat(path, spmatrix=False)
        return {key: value for key, value in found.items() if key[:2] != "__"}
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None:
        raise InputError(f"{path}: cannot be read: no .mat file")
    found = {}
    for kind, piece in _elements(memoryview(data)[128:], order):
        if kind == _COMPRESSED:
            ((kind, piece),) = _elements(memoryview(zlib.decompress(piece)), order)
        if kind == _MATRIX:
            found.update(_variable(piece, order))
    return found


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Yield type and bytes of what a .mat file, or a variable of one, is made of."""
    at = 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        start, end = at + 8, at + 8 + size
        at = end if kind == _COMPRESSED else end + -size % 8
        if kind >> 16:  # up to four bytes stand in the tag
            kind, size = kind & 0xFFFF, kind >> 16
            start, end, at = start - 4, start - 4 + size, start
        if end > len(data):
            raise ValueError("cut off")
        yield kind, data[start:end]


def _variable(data: memoryview, order: str) -> dict[str, Any]:
    """Return the array of a variable by its name, nothing if it is no numbers."""
    from scipy.sparse import csc_array

    (_, flags), *rest = _elements(data, order)
    (word,) = struct.unpack_from(f"{order}I", flags)
    kind = word & 0xFF
    if kind != _SPARSE and kind not in _CLASSES:
        return {}
    shape, letters, *arrays = (
        np.frombuffer(piece, order + _TYPES[of]) for of, piece in rest
    )
    values = arrays[2] if kind == _SPARSE else arrays[0]
    if word & _COMPLEX:
        values = values + 1j * arrays[-1]
    if kind == _SPARSE:
        values = values.astype(values.dtype.newbyteorder("="))
        used = int(arrays[1][-1])
        parts = (values[:used], arrays[0][:used], arrays[1])
        array = csc_array(parts, shape=tuple(shape.tolist()))
    else:
        stored = values if word & _COMPLEX else values.astype(_CLASSES[kind])
        array = stored.reshape(shape.tolist(), order="F")
    return {letters.tobytes().decode("latin-1"): array}
