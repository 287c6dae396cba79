"""Reader of MATLAB files of versions 4 and 5.

SciPy trusts the types and sizes that version 5 declares, and crashes on damaged files.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from critdamp.engine.errors import InputError

from ..storage.memory_budget import Budget

# data types of version 5, and the element type of each class of arrays
_MATRIX, _COMPRESSED = 14, 15
_TYPES = dict(
    enumerate(
        ["i1", "u1", "i2", "u2", "i4", "u4", "f4", "-", "f8", "-", "-", "i8", "u8"], 1
    )
)
# bytes of the tag of an element: its type and its size
_TAG = 8
# bytes that are unpacked at a time
_STEP = 2**20
_SPARSE, _COMPLEX = 5, 0x800
_CLASSES = dict(
    enumerate(["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"], 6)
)


def read_mat(path: Path) -> dict[str, Any]:
    """Return the numeric arrays of a .mat file by name; other variables are skipped.

    Raises
    ------
    InputError, ValueError
        The file is not a .mat file, or is cut off.
    TooLargeError
        The arrays take more memory than is allowed.
    """
    budget = Budget(path)
    budget.take(path.stat().st_size)
    data = path.read_bytes()
    if 0 in data[:4]:  # version 4
        from scipy.io import loadmat

        arrays = loadmat(path, spmatrix=False)
        return {key: value for key, value in arrays.items() if key[:2] != "__"}
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None:
        raise InputError(f"{path}: cannot be read: not a .mat file")
    arrays = {}
    for kind, element in _elements(memoryview(data)[128:], order):
        if kind == _COMPRESSED:
            unpacked = _unpacked(element, order, budget)
            ((kind, element),) = _elements(unpacked, order)
        if kind == _MATRIX:
            arrays.update(_variable(element, order, budget))
    return arrays


def _unpacked(element: memoryview, order: str, budget: Budget) -> memoryview:
    """Return a compressed data element, up to the size that its tag has."""
    unpacking = zlib.decompressobj()
    piece = unpacking.decompress(element, _TAG)
    (size,) = struct.unpack_from(f"{order}I", piece, 4)
    budget.take(size)
    data, end = bytearray(size + 2 * _TAG), 0
    while piece and end + len(piece) <= len(data):
        data[end : end + len(piece)] = piece
        end += len(piece)
        piece = unpacking.decompress(unpacking.unconsumed_tail, _STEP)
    if piece or not unpacking.eof:
        raise ValueError("a variable unpacks to another size than it says")
    return memoryview(data)[:end]


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Yield type and bytes of each data element of a .mat file or of a variable."""
    offset = 0
    while offset + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, offset)
        start, end = offset + 8, offset + 8 + size
        offset = end if kind == _COMPRESSED else end + -size % 8
        if kind >> 16:  # small data element: up to four bytes inside the tag
            kind, size = kind & 0xFFFF, kind >> 16
            start, end, offset = start - 4, start - 4 + size, start
        if end > len(data):
            raise ValueError("cut off")
        yield kind, data[start:end]


def _variable(data: memoryview, order: str, budget: Budget) -> dict[str, Any]:
    """Return name → array of a variable, empty if it is not numeric."""
    from scipy.sparse import csc_array

    (_, flags), *rest = _elements(data, order)
    (word,) = struct.unpack_from(f"{order}I", flags)
    kind = word & 0xFF
    if kind != _SPARSE and kind not in _CLASSES:
        return {}
    shape, name, *arrays = (
        np.frombuffer(element, order + _TYPES[of]) for of, element in rest
    )
    values = arrays[2] if kind == _SPARSE else arrays[0]
    # whatever small type they are stored as
    budget.take((16 if word & _COMPLEX else 8) * values.size)
    if word & _COMPLEX:
        values = values + 1j * arrays[-1]
    if kind == _SPARSE:
        values = values.astype(values.dtype.newbyteorder("="))
        used = int(arrays[1][-1])
        parts = (values[:used], arrays[0][:used], arrays[1])
        array = csc_array(parts, shape=tuple(shape.tolist()))
    else:
        values = values if word & _COMPLEX else values.astype(_CLASSES[kind])
        array = values.reshape(shape.tolist(), order="F")
    return {name.tobytes().decode("latin-1"): array}
