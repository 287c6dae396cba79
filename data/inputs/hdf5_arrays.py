"""Arrays and sparse matrices in HDF5 files, also those of MATLAB 7.3 and AnnData."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from critdamp.engine.errors import InputError

from ..storage.bounded_read import FEW_TEXTS, Attributes, has_texts, read_bounded
from ..storage.closed_file import link_error, members, outward_link
from ..storage.memory_budget import Budget, TooLargeError
from ..storage.open_hdf5 import open_to_read
from .sparse_arrays import is_sparse_group, sparse_matrix
from .text import VALUES, several_arrays

# groups where MATLAB keeps the contents of cells and objects
_HIDDEN = ("#refs#", "#subsystem#")
# the parts of complex numbers, as MATLAB names them
_PARTS = ("real", "imag")


def read_hdf5(
    path: Path, name: str, missing: Callable[..., InputError]
) -> dict[str, Any]:
    """Return the arrays of an HDF5 file by name, or the named one alone.

    The arrays of MATLAB are transposed, since it stores the first index first.

    Parameters
    ----------
    path, name : name as in FILE:NAME; empty for all arrays
    missing : path, name, names → error for a name that is not there

    Raises
    ------
    InputError
        There is no array of that name, several together are too large, or a sparse
        matrix is incomplete.
    FileError
        An array is in another file, or the arrays take more memory than is allowed.
    """
    with open_to_read(path, foreign=True) as file:
        items = _matrices(file)
        key = name.strip("/") or name[:1]
        if not items or (name and key not in items):
            _refuse_link(file, key)
        if name and key not in items:
            raise missing(path, name, items)
        wanted = {name: items[key]} if name else _without_texts(items)
        is_matlab, budget = path.suffix.lower() == ".mat", Budget(path)
        try:
            return {n: _read(d, path, is_matlab, budget) for n, d in wanted.items()}
        except TooLargeError as error:
            if len(wanted) == 1 or is_sparse_group(wanted) or {*VALUES} & {*wanted}:
                raise
            raise InputError(f"{path}: {several_arrays(wanted)}") from error


def _refuse_link(file: h5py.File, name: str) -> None:
    """Raise a FileError if a name, or any without one, is a link to another file."""
    link = outward_link(file)
    if link and (not name or name == link):
        raise link_error(file, link, "read that file itself")


def _matrices(file: h5py.File) -> dict[str, Any]:
    """Return datasets of one or two dimensions and sparse groups, by name."""
    if _is_sparse(file):
        return {"/": file}
    items: dict[str, Any] = {}

    def add(key: str, item: Any) -> None:
        inside = key.rpartition("/")[0] in items or key.split("/")[0] in _HIDDEN
        if not inside and (_is_sparse(item) or _is_numeric(item)):
            items[key] = item

    file.visititems(add)
    return items


def _without_texts(items: dict[str, Any]) -> dict[str, Any]:
    """Return items without long lists of texts, as of names, if there are others."""

    def is_list(item: Any) -> bool:
        is_data = isinstance(item, h5py.Dataset)
        return is_data and has_texts(item.dtype) and item.size > FEW_TEXTS

    return {n: item for n, item in items.items() if not is_list(item)} or items


def _is_sparse(item: Any) -> bool:
    return isinstance(item, h5py.Group) and is_sparse_group(item, Attributes(item))


def _is_numeric(item: Any) -> bool:
    if not isinstance(item, h5py.Dataset):
        return False
    if Attributes(item).get("MATLAB_class") == b"char":
        return False
    is_number = item.dtype.kind in "fiubcO" or item.dtype.names == _PARTS
    return is_number and item.ndim in (1, 2)


def _read(item: Any, path: Path, is_matlab: bool, budget: Budget) -> Any:
    if isinstance(item, h5py.Dataset):
        array = _array(item, budget)
        return array.T if is_matlab or "MATLAB_class" in item.attrs else array
    found = _without_texts(members(item)).items()
    arrays = {n: _array(d, budget) for n, d in found if isinstance(d, h5py.Dataset)}
    try:
        return sparse_matrix(arrays, Attributes(item))
    except InputError as error:
        raise InputError(f"{path}: {item.name} is {error.message}") from error


def _array(dataset: h5py.Dataset, budget: Budget) -> Any:
    values = read_bounded(dataset, budget)
    if Attributes(dataset).get("MATLAB_empty"):  # the values are the shape
        shape = [int(length) for length in np.ravel(values)]
        if 0 not in shape:
            raise InputError(f"{dataset.name} is said to be empty, with shape {shape}")
        return np.zeros(shape[::-1])
    if dataset.dtype.names == _PARTS:
        return values["real"] + 1j * values["imag"]
    _check_convention(dataset, values)
    return values


def _check_convention(dataset: h5py.Dataset, values: Any) -> None:
    """Raise if netCDF has it that values are others than those stored, or missing."""
    for name in ("scale_factor", "add_offset"):
        if name in dataset.attrs:
            raise InputError(f"{dataset.name} is packed, with {name}; unpack it first")
    for name in ("_FillValue", "missing_value"):
        for missing in np.ravel(Attributes(dataset).get(name, ())):
            if np.any(values == missing):
                raise InputError(f"{dataset.name} holds missing values, {missing}")
