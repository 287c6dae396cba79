"""A Hessian in whatever form it is given, as one type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..typing import Apply, Floats
from ..validation import real, whole_number

DOUBLE_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Hessian:
    """A Hessian that can be multiplied with, and its matrix where there is one.

    Attributes
    ----------
    n : number of weights
    apply : v → Hv, for (n,) float64
    matrix : (n, n) array or scipy.sparse matrix, checked; None of an operator
    eps : relative rounding error of a product, 2⁻⁵² in doubles
    """

    n: int
    apply: Apply
    matrix: Any = None
    eps: float = DOUBLE_EPS

    @property
    def is_sparse(self) -> bool:
        """Tell whether the matrix is one of scipy.sparse."""
        return is_sparse(self.matrix)

    def product(self, vector: Floats) -> Floats:
        """Return Hv as (n,) doubles."""
        return np.asarray(self.apply(vector), dtype=np.float64).ravel()


def as_hessian(given: Any, n: int | None = None) -> Hessian:
    """Return a Hessian of any form.

    Parameters
    ----------
    given : (n, n) array, scipy.sparse matrix, LinearOperator, or function v → Hv
    n : size, needed for a function alone

    Raises
    ------
    InputError
        It is not square, real or finite, or a function without a size.
    """
    if callable(getattr(given, "matvec", None)):
        return _of_operator(given)
    if callable(given) and not is_sparse(given):
        if n is None:
            raise InputError("a function v → Hv needs its size n beside it", "n")
        return Hessian(whole_number("n", n), given)
    matrix = given if is_sparse(given) else real(given)
    check_matrix(matrix)
    return Hessian(matrix.shape[0], matrix.__matmul__, matrix)


def _of_operator(operator: Any) -> Hessian:
    rows, columns = operator.shape
    if rows != columns:
        raise InputError(f"shape {operator.shape}: a Hessian is square")
    kind = np.dtype(operator.dtype or float)
    if kind.kind not in "fiub":
        raise InputError(f"holds {operator.dtype}, real numbers are needed")
    eps = float(np.finfo(kind if kind.kind == "f" else np.float64).eps)
    return Hessian(rows, operator.matvec, eps=max(eps, DOUBLE_EPS))


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
    check_finite(matrix)


def check_finite(matrix: Any) -> None:
    """Refuse a matrix with a value that is not finite; the error has its index."""
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
