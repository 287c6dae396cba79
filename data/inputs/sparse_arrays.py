"""Sparse matrices that programs store as several arrays, beside one another."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from critdamp.engine.errors import InputError

_NO_ATTRIBUTES: Mapping[str, Any] = MappingProxyType({})
# names of the arrays of each format: values, and what says where they are
_COMPRESSED = ("data", "indices", "indptr")
_COORDINATES = ("data", "row", "col")
# arrays that nothing but a sparse matrix has, and attributes of AnnData and MATLAB
_SIGNS = {"indptr", "jc"}
_FORMAT = ("encoding-type", "h5sparse_format", "format")
_SHAPE = ("shape", "h5sparse_shape")


def is_sparse_group(names: Any, attributes: Mapping[str, Any] = _NO_ATTRIBUTES) -> bool:
    """Return whether arrays of these names, with these attributes, are one matrix.

    Parameters
    ----------
    names : names of the arrays
    attributes : of the group that holds them
    """
    found = set(names)
    if "MATLAB_sparse" in attributes or "h5sparse_format" in attributes:
        return True
    declared = _text(attributes.get("encoding-type", ""))
    is_coordinates = {*_COORDINATES, "shape"} <= found
    return (
        bool(found & _SIGNS)
        or is_coordinates
        or declared in ("csr_matrix", "csc_matrix")
    )


def sparse_matrix(
    arrays: Mapping[str, Any], attributes: Mapping[str, Any] = _NO_ATTRIBUTES
) -> Any:
    """Return the sparse matrix of arrays.

    Parameters
    ----------
    arrays : data, indices, indptr and shape (SciPy, AnnData, 10x Genomics), data, row,
        col and shape, or data, ir and jc (MATLAB, which stores a matrix of zeros
        without data and ir)
    attributes : of the group: format and shape may be attributes, as in AnnData

    Raises
    ------
    InputError
        An array is missing, or the arrays do not fit together.
    """
    try:
        if "MATLAB_sparse" in attributes or "jc" in arrays:
            return _of_matlab(arrays, attributes)
        return _of_scipy(arrays, attributes)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise InputError(f"a sparse matrix that is damaged: {error}") from error


def _of_matlab(arrays: Mapping[str, Any], attributes: Mapping[str, Any]) -> Any:
    from scipy.sparse import csc_array

    (starts,) = _integers(arrays, "jc")
    empty = dict.fromkeys(("data", "ir"), np.zeros(0, dtype=np.int64))
    present = {**empty, **arrays} if not starts[-1:].any() else arrays
    data, (places,) = _needed(present, "data"), _integers(present, "ir")
    if "MATLAB_sparse" not in attributes:
        raise InputError(
            "a sparse matrix without the attribute MATLAB_sparse, its rows"
        )
    shape = (int(attributes["MATLAB_sparse"]), starts.size - 1)
    return _checked(csc_array((data, places, starts), shape=shape))


def _of_scipy(arrays: Mapping[str, Any], attributes: Mapping[str, Any]) -> Any:
    from scipy.sparse import coo_array, csc_array, csr_array

    shape = _shape(arrays, attributes)
    data = _needed(arrays, "data")
    if "row" in arrays:
        return _checked(coo_array((data, _integers(arrays, "row", "col")), shape=shape))
    places, starts = _integers(arrays, *_COMPRESSED[1:])
    declared = next((attributes[n] for n in _FORMAT if n in attributes), None)
    form = _text(arrays.get("format", "") if declared is None else declared)[:3]
    if form not in ("csr", "csc", ""):
        raise InputError(f"a sparse matrix of format {form!r}; csr and csc can be read")
    if not form:  # for a square matrix, both give the same spectrum
        form = "csr" if starts.size == shape[0] + 1 else "csc"
    build = csr_array if form == "csr" else csc_array
    return _checked(build((data, places, starts), shape=shape))


def _shape(arrays: Mapping[str, Any], attributes: Mapping[str, Any]) -> tuple[int, int]:
    stored = next((attributes[n] for n in _SHAPE if n in attributes), None)
    shape = np.ravel(arrays.get("shape", ()) if stored is None else stored)
    if shape.size != 2 or shape.dtype.kind not in "iu":
        raise InputError(
            "a sparse matrix without a shape; store rows and columns as an attribute "
            "or a dataset shape"
        )
    return int(shape[0]), int(shape[1])


def _needed(arrays: Mapping[str, Any], name: str) -> Any:
    if name not in arrays:
        raise InputError(f"a sparse matrix without {name}")
    array = np.asarray(arrays[name])
    if array.ndim != 1:
        raise InputError(f"a sparse matrix whose {name} has shape {array.shape}")
    return array


def _integers(arrays: Mapping[str, Any], *names: str) -> tuple[Any, ...]:
    found = [_needed(arrays, name) for name in names]
    for name, array in zip(names, found, strict=True):
        if array.dtype.kind not in "iu":
            raise InputError(f"a sparse matrix whose {name} are {array.dtype}")
    return tuple(array.astype(np.int64) for array in found)


def _checked(matrix: Any) -> Any:
    """Return the matrix; SciPy does not check indices where it builds one."""
    if hasattr(matrix, "check_format"):
        matrix.check_format(full_check=True)
    return matrix


def _text(value: Any) -> str:
    value = value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
