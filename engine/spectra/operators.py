"""Operators."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InputError
from ..validation import real
from .lanczos import Apply


def check_matrix(matrix: Any) -> None:
    """Refuse what is not a square matrix of real, finite numbers.

    Raises
    ------
    InputError
        With the shape, the type, or the first index that is wrong.
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError(
            f"shape {matrix.shape}: a Hessian is square; for a design matrix, samples "
            "× features, say --as design"
        )
    if not matrix.shape[0]:
        raise InputError("shape (0, 0): there is nothing in it")
    if matrix.dtype.kind not in "fiub":
        raise InputError(f"holds {matrix.dtype}, real numbers are needed")
    _check_finite(matrix)


def _check_finite(matrix: Any) -> None:
    entries = matrix.tocoo() if is_sparse(matrix) else None
    values = matrix.ravel() if entries is None else entries.data
    bad = np.flatnonzero(~np.isfinite(values))[:1]
    for at in bad:
        if entries is None:
            row, column = np.unravel_index(at, matrix.shape)
        else:
            row, column = entries.row[at], entries.col[at]
        raise InputError(f"value at ({row}, {column}) is {values[at]}, not finite")


def is_sparse(matrix: Any) -> bool:
    """Tell whether a matrix is one of scipy.sparse."""
    # without importing scipy where nobody uses it
    return type(matrix).__module__.startswith("scipy.sparse") and hasattr(
        matrix, "tocsr"
    )


def as_matrix(hessian: Any) -> Any:
    """Return a Hessian's checked matrix, dense or sparse, None if it is an operator.

    Raises
    ------
    InputError
        It is not square, real or finite.
    """
    if not is_sparse(hessian):
        if hasattr(hessian, "matvec"):
            return None
        hessian = real(hessian)
    check_matrix(hessian)
    return hessian


def as_operator(operator: Any) -> tuple[Apply, int, float]:
    """Return the products of an operator, its size and its rounding error.

    Raises
    ------
    InputError
        It is not square, or not real.
    """
    rows, columns = operator.shape
    if rows != columns:
        raise InputError(f"shape {operator.shape}: a Hessian is square")
    kind = np.dtype(operator.dtype or float)
    if kind.kind not in "fiub":
        raise InputError(f"holds {operator.dtype}, real numbers are needed")
    eps = np.finfo(kind if kind.kind == "f" else np.float64).eps
    return operator.matvec, rows, max(float(eps), float(np.finfo(np.float64).eps))
