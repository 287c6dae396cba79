"""Eigenvalues of a Hessian: dense, sparse, matrix-free, or from a design matrix."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from ..callbacks import ignore
from ..errors import InputError
from ..typing import Floats, Progress, Report
from ..validation import real, whole_number
from .nodes import Nodes, rounding
from .operators import DOUBLE_EPS, Hessian, as_hessian, check_finite
from .products import Products
from .quadrature import displacement_quadrature, quadrature, squared_size
from .shift_invert import outer_pairs

# allowed asymmetry, relative to max|H|; rounding gives about 1e-15
ASYMMETRY = 1e-8
# largest n of a sparse matrix or an operator that is converted to dense
SPARSE_AS_DENSE = 2000
# n from which the expected duration is reported
_LONG = 1500


def nodes_of_hessian(
    hessian: Hessian,
    *,
    displacement: npt.ArrayLike | None = None,
    steps: int = 100,
    probes: int = 4,
    seed: int = 0,
    report: Report = ignore,
    progress: Progress = ignore,
) -> Nodes:
    """Return all eigenvalues of a symmetric matrix, or quadrature nodes  [Eq. 12].

    A dense matrix, or a sparse matrix or operator of at most 2,000 rows, gives all
    eigenvalues, as does an operator whose n columns cost no more products than the
    quadrature. Others give nodes and weights by Lanczos quadrature, with error bounds.
    See `Spectrum.from_hessian` for the arguments.

    Raises
    ------
    InputError
        The matrix is not symmetric or too large for the memory, or a number is out of
        range.
    """
    steps, probes = whole_number("steps", steps), whole_number("probes", probes)
    seed, matrix = whole_number("seed", seed, 0), hessian.matrix
    start = None if displacement is None else _displacement(displacement, hessian.n)
    if matrix is not None and (not hessian.is_sparse or hessian.n <= SPARSE_AS_DENSE):
        dense = matrix.toarray() if hessian.is_sparse else matrix
        return _of_dense(_checked(dense, report), start, report)
    if matrix is not None:
        matrix, exponent = _scaled(matrix.astype(np.float64).tocsr())
        matrix = symmetric(matrix, report)
        touched = _touched(matrix)
        if start is None and 0 < touched.size < hessian.n:
            rest = as_hessian(matrix[touched][:, touched])
            options = {"steps": steps, "probes": probes, "seed": seed}
            nodes = nodes_of_hessian(rest, **options, report=report, progress=progress)
            nodes = nodes.with_zeros(hessian.n - touched.size)
            return nodes.times_power_of_two(exponent)
        hessian = Hessian(hessian.n, matrix.__matmul__)
    count = steps * (1 if start is not None else 1 + probes)
    by_columns = matrix is None and _fits_columns(hessian.n, count)
    products = Products(hessian, 2 + (hessian.n if by_columns else count), progress)
    if by_columns:
        return _of_dense(products.matrix(), start, report, hessian.eps)
    if products.is_zero:
        nodes = Nodes(np.zeros(1), np.array([float(hessian.n)]), residuals=np.zeros(1))
    elif start is not None:
        nodes = displacement_quadrature(products, start, steps=steps, eps=hessian.eps)
    else:
        known = None if matrix is None else outer_pairs(matrix, seed, report)
        options = {"steps": steps, "probes": probes, "seed": seed}
        nodes = quadrature(products, hessian.n, known=known, eps=hessian.eps, **options)
    products.finish()
    if matrix is None:
        exponent = products.exponent
    return nodes.times_power_of_two(exponent)


def _touched(matrix: Any) -> npt.NDArray[np.intp]:
    """Return the rows of a symmetric sparse matrix that are not all zeros.

    Each of the others is a zero mode.
    """
    matrix.eliminate_zeros()
    return np.flatnonzero(np.diff(matrix.indptr))


def _fits_columns(n: int, products: int) -> bool:
    """Return whether n products with unit vectors are the cheaper way."""
    return n <= SPARSE_AS_DENSE or (n <= products and _nbytes(n) <= _memory())


def _scaled(matrix: Any) -> tuple[Any, int]:
    """Return a sparse matrix over a power of two, with elements of about 1 at most."""
    exponent = int(np.frexp(abs(matrix).max())[1])
    matrix.data = np.ldexp(matrix.data, -exponent)
    return matrix, exponent


def nodes_of_design(design: npt.ArrayLike) -> Nodes:
    """Return the eigenvalues of XᵀX/N, the Hessian of least squares.

    They are σ²/N with the singular values σ of X, since XᵀX would lose the small
    eigenvalues to rounding. See `Spectrum.from_design` for the arguments.

    Raises
    ------
    InputError
        The design matrix is not a real, finite matrix.
    """
    matrix = real(design).astype(np.float64)
    if matrix.ndim != 2 or not matrix.size:
        raise InputError(f"shape {matrix.shape}: a design matrix is samples × features")
    check_finite(matrix)
    samples, features = matrix.shape
    roots = np.zeros(features)
    sizes = np.linalg.svd(matrix, compute_uv=False) / np.sqrt(samples)
    roots[: sizes.size] = sizes
    roots = np.sort(roots)
    with np.errstate(over="ignore", under="ignore"):
        k = roots**2
    if roots[-1] and not np.finfo(float).tiny <= k[-1] < np.inf:
        raise InputError(
            f"the largest singular value is {roots[-1]:.6g}·√N, whose square is out of "
            "the range of doubles; scale the design matrix"
        )
    # the error of a root is about eps·max, hence k is zero up to the square of that
    error = max(*matrix.shape, 8) * DOUBLE_EPS * float(roots[-1])
    return Nodes(k, residuals=(2.0 * roots + error) * error, tolerance=error**2)


def _displacement(displacement: npt.ArrayLike, n: int) -> Floats:
    vector = real(displacement).astype(np.float64).ravel()
    if vector.size != n:
        raise InputError(f"{vector.size} values for {n} weights", "displacement")
    return vector


def symmetric(matrix: Any, report: Report) -> Any:
    """Return (H + Hᵀ)/2.

    Raises
    ------
    InputError
        H is not symmetric to rounding.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        size = abs(matrix).max()
        defect = abs(matrix - matrix.T).max() / size if size else 0.0
    if defect > ASYMMETRY:
        raise InputError(
            f"not symmetric: max|H − Hᵀ| is {defect:.3g} of max|H|, up to "
            f"{ASYMMETRY:g} is allowed; give (H + Hᵀ)/2 if that is intended"
        )
    if defect:
        report(f"max|H − Hᵀ| is {defect:.2g} of max|H|; (H + Hᵀ)/2 is used")
    return matrix / 2 + matrix.T / 2 if defect else matrix


def _checked(matrix: Any, report: Report) -> Floats:
    """Return (H + Hᵀ)/2 in doubles of a dense matrix."""
    _check_memory(matrix.shape[0])
    with np.errstate(over="ignore"):
        matrix = matrix.astype(np.float64)
    check_finite(matrix)
    checked: Floats = symmetric(matrix, report)
    return checked


def _of_dense(
    matrix: Floats, start: Floats | None, report: Report, eps: float = DOUBLE_EPS
) -> Nodes:
    """Return all eigenvalues, with the rounding error as residuals.

    LAPACK scales a matrix whose norm or the square of that is out of range.
    """
    n = len(matrix)
    if n >= _LONG:
        seconds = dense_seconds(n)
        report(
            f"{n:,} eigenvalues: about {seconds:.2g} s, {_nbytes(n) / 1e9:.2g} GB of "
            "memory"
        )
    if start is None:
        values, displacement = np.linalg.eigvalsh(matrix), None
    else:
        size, b = squared_size(start)
        values, vectors = np.linalg.eigh(matrix)
        displacement = size * (vectors.T @ (b / np.linalg.norm(b))) ** 2
    k: Floats = np.asarray(values, dtype=np.float64)
    bounds = np.full(n, rounding(n, k, eps))
    tolerance = n * eps * float(np.abs(k).max()) if eps > DOUBLE_EPS else None
    return Nodes(k, None, displacement, bounds, tolerance)


def _nbytes(n: int) -> float:
    """Return the memory of a dense eigendecomposition, three matrices, in bytes."""
    return 3.0 * 8.0 * n * n


def _memory() -> float:
    return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


def _check_memory(n: int) -> None:
    if _nbytes(n) > _memory():
        raise InputError(
            f"{n:,} eigenvalues of a dense matrix need {_nbytes(n) / 1e9:.3g} GB, "
            f"this machine has {_memory() / 1e9:.3g} GB; give a LinearOperator, which "
            "needs only vectors"
        )


def dense_seconds(n: int) -> float:
    """Return the expected time of n eigenvalues in s, from a small matrix and n³."""
    size = 400
    values = np.random.default_rng(0).standard_normal((size, size))
    start = time.perf_counter()
    np.linalg.eigvalsh(values + values.T)
    return (time.perf_counter() - start) * (n / size) ** 3
