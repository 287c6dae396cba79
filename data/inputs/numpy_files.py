"""Reader of NumPy's files, .npy and .npz, and of the .npz of scipy.sparse."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any

from numpy.lib import format as npy

from ..storage.memory_budget import Budget

# the longest header that NumPy reads; it looks at the length after it has read that
_HEADER = 10_000


def read_npy(path: Path, _name: str = "") -> Any:
    """Return the array of a file; nothing is unpickled.

    Raises
    ------
    ValueError
        It is not a .npy file, cut off, or holds objects.
    TooLargeError
        The array takes more memory than is allowed.
    """
    with path.open("rb") as file:
        count = _claimed(file)
        if count > path.stat().st_size:
            raise ValueError("cut off: it holds fewer values than it says")
        Budget(path).take(count)
        file.seek(0)
        return npy.read_array(file, allow_pickle=False)


def read_npz(path: Path, name: str) -> Any:
    """Return the arrays of a file by name, the named one alone, or a sparse matrix.

    Raises
    ------
    ValueError, zipfile.BadZipFile
        It is not a .npz file, damaged, or holds objects.
    TooLargeError
        The arrays take more memory than is allowed.
    """
    with zipfile.ZipFile(path) as archive:
        members = [file for file in archive.namelist() if file.endswith(".npy")]
        files = {file.removesuffix(".npy"): file for file in members}
        is_matrix = {"format", "shape"} <= set(files)
        names = [name] if name in files and not is_matrix else list(files)
        budget = Budget(path)
        for file in (files[name] for name in names):
            with archive.open(file) as member:
                budget.take(_claimed(member))
        if not is_matrix:
            return {name: _member(archive, files[name]) for name in names}
    from scipy.sparse import load_npz

    return load_npz(path)


def _member(archive: zipfile.ZipFile, file: str) -> Any:
    with archive.open(file) as member:
        return npy.read_array(member, allow_pickle=False)


def _claimed(file: Any) -> int:
    """Return the bytes of the array that the header of a file announces."""
    start = file.read(12)
    if not start.startswith(npy.MAGIC_PREFIX):
        raise ValueError("not an array of NumPy")
    version = tuple(start[6:8])
    if int.from_bytes(start[8 : 10 if version == (1, 0) else 12], "little") > _HEADER:
        raise ValueError("its header is too long")
    file.seek(0)
    npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    return math.prod(shape) * dtype.itemsize
