"""Eigenvalues of a Hessian: dense, sparse, matrix-free, or from a design matrix."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from ..callbacks import ignore
from ..errors import InputError
from ..typing import Floats, Report
from ..validation import real, whole_number
from .lanczos import displacement_quadrature, quadrature
from .nodes import Nodes
from .operators import DOUBLE_EPS, Hessian, check_finite

# allowed asymmetry, relative to max|H|; rounding gives about 1e-15
ASYMMETRY = 1e-8
# largest n of a sparse matrix that is converted to dense, and that is factorised
SPARSE_AS_DENSE, FACTORISED = 2000, 300_000
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
) -> Nodes:
    """Return all eigenvalues of a symmetric matrix, or quadrature nodes  [Eq. 12].

    A dense matrix, or a sparse matrix of at most 2,000 rows, gives all eigenvalues. A
    larger sparse matrix or an operator gives nodes and weights by Lanczos quadrature,
    with error bounds. See `Spectrum.from_hessian` for the arguments.

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
        return _dense(dense, start, report)
    apply = hessian.apply
    if matrix is not None:
        matrix = _symmetric(matrix.astype(np.float64).tocsr(), report)
        apply = matrix.__matmul__
    if start is not None:
        return displacement_quadrature(apply, start, steps=steps)
    return quadrature(
        apply,
        hessian.n,
        steps=steps,
        probes=probes,
        seed=seed,
        known=None if matrix is None else _outer_pairs(matrix, seed, report),
        eps=hessian.eps,
    )


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
    k = np.zeros(features)
    values = np.linalg.svd(matrix, compute_uv=False) ** 2 / samples
    k[: values.size] = values
    k = np.sort(k)
    # the error of σ is about eps·σ_max, hence k is zero up to the square of that
    rounding = max(matrix.shape) * DOUBLE_EPS
    return Nodes(k, tolerance=float(rounding**2 * k[-1]))


def _displacement(displacement: npt.ArrayLike, n: int) -> Floats:
    vector = real(displacement).astype(np.float64).ravel()
    if vector.size != n:
        raise InputError(f"{vector.size} values for {n} weights", "displacement")
    return vector


def _symmetric(matrix: Any, report: Report) -> Any:
    """Return (H + Hᵀ)/2; raise InputError if H is not symmetric to rounding."""
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


def _dense(matrix: Any, start: Floats | None, report: Report) -> Nodes:
    n = matrix.shape[0]
    _check_memory(n)
    with np.errstate(over="ignore"):
        matrix = matrix.astype(np.float64)
    check_finite(matrix)
    matrix = _symmetric(matrix, report)
    if n >= _LONG:
        seconds = dense_seconds(n)
        report(
            f"{n:,} eigenvalues: about {seconds:.2g} s, {_nbytes(n) / 1e9:.2g} GB of "
            "memory"
        )
    if start is None:
        return Nodes(np.linalg.eigvalsh(matrix))
    k, vectors = np.linalg.eigh(matrix)
    return Nodes(k, displacement=(vectors.T @ start) ** 2)


def _nbytes(n: int) -> float:
    """Return the memory of a dense eigendecomposition, three matrices, in bytes."""
    return 3.0 * 8.0 * n * n


def _check_memory(n: int) -> None:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if _nbytes(n) > memory:
        raise InputError(
            f"{n:,} eigenvalues of a dense matrix need {_nbytes(n) / 1e9:.3g} GB, "
            f"this machine has {memory / 1e9:.3g} GB; give a LinearOperator, which "
            "needs only vectors"
        )


def dense_seconds(n: int) -> float:
    """Return the expected time of n eigenvalues in s, from a small matrix and n³."""
    size = 400
    values = np.random.default_rng(0).standard_normal((size, size))
    start = time.perf_counter()
    np.linalg.eigvalsh(values + values.T)
    return (time.perf_counter() - start) * (n / size) ** 3


def _outer_pairs(
    matrix: Any, seed: int, report: Report
) -> tuple[Floats, Floats, Floats] | None:
    """Return eigenvalues next to 0 and the largest ones, eigenvectors, and bounds.

    Lanczos converges slowly where eigenvalues are dense; shift-invert does not. One
    shift is just below 0, so that a zero mode does not make the matrix singular. The
    other is just above a bound of the largest eigenvalue. None if the factorisation
    fails or is too large.
    """
    from scipy.sparse.linalg import eigsh

    if matrix.shape[0] > FACTORISED:
        return None
    start = np.random.default_rng(seed).standard_normal(matrix.shape[0])
    bound = float(abs(matrix).sum(axis=1).max())
    if not bound:
        return None
    try:
        pairs = [
            eigsh(matrix.tocsc(), 4, sigma=shift, v0=start)[1].T
            for shift in (-1e-9 * bound, (1.0 + 1e-9) * bound)
        ]
    except (RuntimeError, MemoryError) as error:
        report(f"shift-invert for the outer eigenvalues failed: {error}")
        return None
    return _rayleigh_ritz(matrix, np.concatenate(pairs))


def _rayleigh_ritz(matrix: Any, vectors: Floats) -> tuple[Floats, Floats, Floats]:
    """Return Ritz values, orthonormal Ritz vectors and residuals in span(vectors)."""
    basis, sizes, _ = np.linalg.svd(vectors.T, full_matrices=False)
    basis = basis[:, sizes > 0.5]  # both shifts may have given the same vector
    values, rotation = np.linalg.eigh(basis.T @ (matrix @ basis))
    ritz_vectors = basis @ rotation
    residuals = matrix @ ritz_vectors - ritz_vectors * values
    return values, ritz_vectors.T, np.linalg.norm(residuals, axis=0)
