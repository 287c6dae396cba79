"""The Hessian as a linear operator, made from a matrix, an operator or a function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import Advice, InputError
from ..typing import Apply, Floats
from ..validation import real, whole_number

DOUBLE_EPS = float(np.finfo(np.float64).eps)
_DESIGN = Advice(
    "meaning",
    "design",
    "takes a design matrix, samples × features",
    "Spectrum.from_design, or read_spectrum with meaning='design',",
)


@dataclass(frozen=True, eq=False)
class Hessian:
    """A Hessian: products with vectors, and the matrix if there is one.

    Attributes
    ----------
    n : number of weights
    apply : v → Hv, for (n,) float64
    matrix : (n, n) array or scipy.sparse matrix; None for an operator
    eps : relative rounding error of a product, 2⁻⁵² in doubles
    """

    n: int
    apply: Apply
    matrix: Any = None
    eps: float = DOUBLE_EPS

    @property
    def is_sparse(self) -> bool:
        """Return whether the matrix is a scipy.sparse matrix."""
        return is_sparse(self.matrix)

    def product(self, vector: Floats) -> Floats:
        """Return Hv, (n,) float64."""
        return np.asarray(self.apply(vector), dtype=np.float64).ravel()


def as_hessian(hessian: Any, n: int | None = None) -> Hessian:
    """Return the Hessian of a matrix, an operator or a function.

    Parameters
    ----------
    hessian : (n, n) array, scipy.sparse matrix, LinearOperator, or function v → Hv
    n : size, needed for a function only

    Raises
    ------
    InputError
        The matrix is not square, real or finite, or a function has no size.
    """
    if callable(getattr(hessian, "matvec", None)):
        return _from_operator(hessian)
    if callable(hessian) and not is_sparse(hessian):
        if n is None:
            raise InputError("a function v → Hv needs its size n; give n too", "n")
        return Hessian(whole_number("n", n), hessian)
    matrix = real_entries(hessian) if is_sparse(hessian) else real(hessian)
    check_matrix(matrix)
    return Hessian(matrix.shape[0], matrix.__matmul__, matrix)


def real_entries(matrix: Any) -> Any:
    """Return a scipy.sparse matrix whose entries have a real type, see `real`.

    Raises
    ------
    InputError
        The entries are not real numbers.
    """
    if matrix.dtype.kind != "c":
        return matrix
    matrix = matrix.tocoo(copy=True)
    matrix.data = real(matrix.data)
    return matrix.tocsr()


def _from_operator(operator: Any) -> Hessian:
    rows, columns = operator.shape
    if rows != columns:
        raise InputError(f"shape {operator.shape}: a Hessian is square")
    dtype = np.dtype(operator.dtype or float)
    if dtype.kind not in "fiub":
        raise InputError(f"holds {operator.dtype}, real numbers are needed")
    eps = float(np.finfo(dtype if dtype.kind == "f" else np.float64).eps)
    return Hessian(rows, operator.matvec, eps=max(eps, DOUBLE_EPS))


def check_matrix(matrix: Any) -> None:
    """Check that a matrix is square, real and finite.

    Raises
    ------
    InputError
        It is not; the message has the shape, the type or the first invalid index.
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError(f"shape {matrix.shape}: a Hessian is square", advice=_DESIGN)
    if not matrix.shape[0]:
        raise InputError("shape (0, 0): the matrix is empty")
    if matrix.dtype.kind not in "fiub":
        raise InputError(f"holds {matrix.dtype}, real numbers are needed")
    check_finite(matrix)


def check_finite(matrix: Any) -> None:
    """Raise InputError with the first index of a value that is not finite."""
    entries = matrix.tocoo() if is_sparse(matrix) else None
    values = matrix.ravel() if entries is None else entries.data
    for i in np.flatnonzero(~np.isfinite(values))[:1]:
        if entries is None:
            row, column = np.unravel_index(i, matrix.shape)
        else:
            row, column = entries.row[i], entries.col[i]
        raise InputError(f"value at ({row}, {column}) is {values[i]}, not finite")


def checked_product(product: Any, n: int, step: int) -> Floats:
    """Return a product with the Hessian as (n,) float64.

    Raises
    ------
    InputError
        It is not finite, or has another length.
    """
    values: Floats = np.asarray(product, dtype=np.float64).ravel()
    if values.size != n:
        raise InputError(
            f"a product with the Hessian has {values.size} values, {n} are needed"
        )
    if not np.isfinite(values).all():
        at = int(np.flatnonzero(~np.isfinite(values))[0])
        raise InputError(
            f"product {step} with the Hessian is {values[at]} at index {at}; "
            "the loss and its derivatives must be finite"
        )
    return values


def is_sparse(matrix: Any) -> bool:
    """Return whether a matrix is a scipy.sparse matrix, without importing scipy."""
    return type(matrix).__module__.startswith("scipy.sparse") and hasattr(
        matrix, "tocsr"
    )
