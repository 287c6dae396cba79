"""From a Hessian to its spectrum: dense, sparse, matrix-free, or by its design."""

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

# of max|H|: rounding leaves some 1e-15, a wrong matrix far more
ASYMMETRY = 1e-8
# up to which a sparse matrix is treated as a dense one, or factorised for its small end
SPARSE_AS_DENSE, FACTORISED = 2000, 300_000
# from which an estimate is worth a line
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
    """Return the eigenvalues of a symmetric matrix, or nodes for them  [Eq. 12].

    A dense matrix, or a sparse one of at most 2,000 rows, gives every eigenvalue;
    anything else nodes and weights by Lanczos quadrature, with a bound on the error of
    each. See `Spectrum.from_hessian` for the arguments.

    Raises
    ------
    InputError
        It is not symmetric, or too large for the memory, or a number is out of range.
    """
    steps, probes = whole_number("steps", steps), whole_number("probes", probes)
    seed, matrix = whole_number("seed", seed, 0), hessian.matrix
    start = None if displacement is None else _of_size(displacement, hessian.n)
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
        known=None if matrix is None else _ends(matrix, seed, report),
        eps=hessian.eps,
    )


def nodes_of_design(design: npt.ArrayLike) -> Nodes:
    """Return the eigenvalues of XᵀX/N, the Hessian of least squares, from X itself.

    The squares of the singular values keep the small end, which XᵀX would lose. See
    `Spectrum.from_design` for the arguments.

    Raises
    ------
    InputError
        It is not a real, finite matrix.
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
    # singular values are known to eps of the largest, and these are their squares
    rounding = max(matrix.shape) * DOUBLE_EPS
    return Nodes(k, tolerance=float(rounding**2 * k[-1]))


def _of_size(displacement: npt.ArrayLike, n: int) -> Floats:
    vector = real(displacement).astype(np.float64).ravel()
    if vector.size != n:
        raise InputError(f"{vector.size} values for {n} weights", "displacement")
    return vector


def _symmetric(matrix: Any, report: Report) -> Any:
    """Return the symmetric part; refuse a defect beyond rounding."""
    with np.errstate(over="ignore", invalid="ignore"):
        size = abs(matrix).max()
        defect = abs(matrix - matrix.T).max() / size if size else 0.0
    if defect > ASYMMETRY:
        raise InputError(
            f"not symmetric: H and its transpose differ by {defect:.3g} of the largest "
            f"entry, up to {ASYMMETRY:g} is rounding; give (H + Hᵀ)/2 if that is meant"
        )
    if defect:
        report(f"symmetric to {defect:.2g} of the largest entry; (H + Hᵀ)/2 is taken")
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
    """Return the bytes that the eigenvalues of a dense matrix take: three copies."""
    return 3.0 * 8.0 * n * n


def _check_memory(n: int) -> None:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if _nbytes(n) > memory:
        raise InputError(
            f"{n:,} eigenvalues of a dense matrix need {_nbytes(n) / 1e9:.3g} GB, "
            f"{memory / 1e9:.3g} GB are here; as a LinearOperator it takes no more "
            "than some vectors"
        )


def dense_seconds(n: int) -> float:
    """Return about how long n eigenvalues take here, from a smaller matrix: ∝ n³."""
    small = 400
    values = np.random.default_rng(0).standard_normal((small, small))
    began = time.perf_counter()
    np.linalg.eigvalsh(values + values.T)
    return (time.perf_counter() - began) * (n / small) ** 3


def _ends(
    matrix: Any, seed: int, report: Report
) -> tuple[Floats, Floats, Floats] | None:
    """Return eigenpairs next to 0 and at the top of a sparse matrix, with bounds.

    Lanczos is slow to find these where values crowd there; a factorisation finds them
    at once. One shift lies just below 0, so that a zero mode does not make the matrix
    singular, the other just above a bound of the largest value.
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
        report(f"the ends were not found by factorising: {error}")
        return None
    return _rayleigh_ritz(matrix, np.concatenate(pairs))


def _rayleigh_ritz(matrix: Any, vectors: Floats) -> tuple[Floats, Floats, Floats]:
    """Return values, orthonormal vectors and bounds from what vectors span."""
    basis, sizes, _ = np.linalg.svd(vectors.T, full_matrices=False)
    basis = basis[:, sizes > 0.5]  # both ends may have found the same
    values, rotation = np.linalg.eigh(basis.T @ (matrix @ basis))
    found = basis @ rotation
    bounds = np.linalg.norm(matrix @ found - found * values, axis=0)
    return values, found.T, bounds
