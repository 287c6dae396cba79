"""Matrix-free spectra by Lanczos quadrature (Golub and Meurant 2010).

m steps from a start vector b give m Ritz values θ_j and weights ω_j. With the component
b_i of b along eigenvector i, Σ_i b_i² f(k_i) = |b|² Σ_j ω_j f(θ_j) for polynomials f of
degree up to 2m − 1. Each vector is orthogonalised twice against all earlier ones, since
converged values would otherwise reappear as copies. An eigenvalue is within the
residual bound β_m|s_mj| of each Ritz value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..typing import Apply, Floats
from .nodes import Nodes
from .operators import DOUBLE_EPS

# residual of a converged eigenpair, relative to the largest |Ritz value|
_EIGENPAIR = 1e-10
# allowed |uᵀHv − vᵀHu|, relative to |Hu||v|
_SYMMETRIC = 1e-6


@dataclass(frozen=True, eq=False)
class Ritz:
    """Ritz values, weights, residual bounds and vectors of m Lanczos steps.

    Attributes
    ----------
    values : (m,) Ritz values, increasing
    weights : (m,) squared first components of the eigenvectors of the tridiagonal
        matrix; their sum is 1
    residuals : (m,) bounds of the distance to the nearest eigenvalue
    basis : (m, n) Lanczos vectors, row by row
    rotation : (m, m) eigenvectors of the tridiagonal matrix; the columns of
        basisᵀ·rotation are the Ritz vectors
    """

    values: Floats
    weights: Floats
    residuals: Floats
    basis: Floats
    rotation: Floats


def _orthogonal(vector: Floats, *bases: Floats) -> Floats:
    """Return the component of a vector orthogonal to all bases, (m, n) each."""
    for _ in range(2):
        for basis in bases:
            vector = vector - basis.T @ (basis @ vector)
    return vector


def lanczos(
    apply: Apply, start: Floats, steps: int, without: Floats, eps: float = DOUBLE_EPS
) -> Ritz:
    """Return the Ritz values and vectors of a symmetric matrix after `steps` products.

    Parameters
    ----------
    apply : v → Hv
    start : (n,) not 0
    steps : ≥ 1; the iteration stops earlier at an invariant subspace
    without : (c, n) orthonormal eigenvectors, to which all vectors are orthogonal
    eps : relative rounding error of a product

    Raises
    ------
    InputError
        A product is not finite.
    """
    n = start.size
    steps = min(steps, n - len(without))
    basis = np.empty((steps, n))
    alpha, beta = np.zeros(steps), np.zeros(steps)
    vector = _orthogonal(start, without)
    vector = vector / np.linalg.norm(vector)
    for j in range(steps):
        basis[j] = vector
        product = _finite(apply(vector), j)
        alpha[j] = vector @ product
        product = _orthogonal(product, without, basis[: j + 1])
        beta[j] = np.linalg.norm(product)
        size = np.abs(alpha[: j + 1]).max() + beta[: j + 1].max()
        if beta[j] <= n * eps * size:
            beta[j] = 0.0
            break
        vector = product / beta[j]
    return _ritz(basis[: j + 1], alpha[: j + 1], beta[: j + 1])


def _finite(product: Floats, step: int) -> Floats:
    array = np.asarray(product, dtype=np.float64).ravel()
    if not np.isfinite(array).all():
        at = int(np.flatnonzero(~np.isfinite(array))[0])
        raise InputError(
            f"product {step} with the Hessian is {array[at]} at index {at}; "
            "the loss and its derivatives must be finite"
        )
    return array


def _ritz(basis: Floats, alpha: Floats, beta: Floats) -> Ritz:
    tridiagonal = np.diag(alpha) + np.diag(beta[:-1], 1) + np.diag(beta[:-1], -1)
    values, rotation = np.linalg.eigh(tridiagonal)
    residuals = beta[-1] * np.abs(rotation[-1])
    return Ritz(values, rotation[0] ** 2, residuals, basis, rotation)


def quadrature(
    apply: Apply,
    n: int,
    *,
    steps: int = 100,
    probes: int = 4,
    seed: int = 0,
    known: tuple[Floats, Floats, Floats] | None = None,
    eps: float = DOUBLE_EPS,
) -> Nodes:
    """Return nodes and weights for the whole spectrum of a symmetric matrix.

    A first run finds outer eigenpairs. The converged ones have weight 1 and are
    deflated. The remaining weight is divided among runs from random vectors (stochastic
    Lanczos quadrature; Ubaru, Chen and Saad 2017). The memory is about 2·steps + c
    vectors of n doubles for c eigenpairs.

    Parameters
    ----------
    apply : v → Hv, for (n,) float64
    n : size of the matrix
    steps : Lanczos steps of each run
    probes : number of runs after the first
    seed : of the random vectors; the same seed gives the same spectrum
    known : eigenvalues (c,), orthonormal eigenvectors (c, n) and residual bounds (c,)
        that were computed before
    eps : relative rounding error of a product, more than 2⁻⁵² for single precision

    Raises
    ------
    InputError
        The matrix is not symmetric, or a product is not finite.
    """
    rng = np.random.default_rng(seed)
    _check_symmetry(apply, n, rng)
    values, vectors, bounds = known or (np.empty(0), np.empty((0, n)), np.empty(0))
    nodes, weights, residuals = [values], [np.ones(values.size)], [bounds]
    pairs = _eigenpairs(apply, rng.standard_normal(n), steps, vectors, eps)
    if pairs is not None:
        nodes, residuals = [values, pairs[0]], [bounds, pairs[2]]
        weights.append(np.ones(pairs[0].size))
        vectors = np.vstack([vectors, pairs[1]])
    remaining = n - len(vectors)
    # deflation by inexact eigenvectors adds their residuals to the bounds
    deflation_error = float(np.linalg.norm(np.concatenate(residuals)))
    for _ in range(probes if remaining > 0 else 0):
        run = lanczos(apply, rng.standard_normal(n), steps, vectors, eps)
        nodes.append(run.values)
        weights.append(run.weights * remaining / probes)
        residuals.append(np.hypot(run.residuals, deflation_error))
        del run  # frees the basis before the next run
    result = _sorted(nodes, weights, residuals)
    return result if eps <= DOUBLE_EPS else _with_product_error(result, n * eps)


def _eigenpairs(
    apply: Apply, start: Floats, steps: int, without: Floats, eps: float
) -> tuple[Floats, Floats, Floats] | None:
    """Return converged values, vectors and bounds; None if `without` is complete."""
    if len(without) == start.size:
        return None
    run = lanczos(apply, start, steps, without, eps)
    largest = float(np.abs(run.values).max())
    converged = run.residuals <= max(_EIGENPAIR, 10.0 * eps) * largest
    vectors = (run.basis.T @ run.rotation[:, converged]).T
    return run.values[converged], vectors, run.residuals[converged]


def _with_product_error(nodes: Nodes, relative: float) -> Nodes:
    """Return the nodes with bounds and tolerance of at least relative · max|k|."""
    limit = relative * float(np.abs(nodes.k).max())
    bounds = np.maximum(np.asarray(nodes.residuals), limit)
    return nodes._replace(residuals=bounds, tolerance=limit)


def displacement_quadrature(
    apply: Apply, displacement: Floats, *, steps: int = 100
) -> Nodes:
    """Return nodes that give the exact loss(t) for t < steps from a displacement.

    For w(0) − w* = b, loss(t) and distance(t)² are Σ b_i² f(k_i) with polynomials f of
    degree 2t + 1 and 2t. Lanczos from b integrates these exactly. The weights are 1,
    the displacements are |b|² times the weights of the quadrature.

    Parameters
    ----------
    apply : v → Hv
    displacement : (n,) b, not 0
    steps : Lanczos steps

    Raises
    ------
    InputError
        b is 0 or not finite, the matrix is not symmetric, or a product is not finite.
    """
    b = np.asarray(displacement, dtype=np.float64).ravel()
    size = float(b @ b)
    if not 0.0 < size < np.inf:
        raise InputError(
            "is 0 or not finite; give a finite vector other than 0", "displacement"
        )
    _check_symmetry(apply, b.size, np.random.default_rng(0))
    run = lanczos(apply, b, steps, np.empty((0, b.size)))
    return Nodes(run.values, None, size * run.weights, run.residuals)


def _check_symmetry(apply: Apply, n: int, rng: np.random.Generator) -> None:
    """Raise InputError if uᵀHv ≠ vᵀHu beyond rounding for random u and v."""
    u, v = rng.standard_normal((2, n))
    product_u, product_v = _finite(apply(u), 0), _finite(apply(v), 1)
    if product_u.size != n:
        raise InputError(
            f"a product with the Hessian has {product_u.size} values, {n} are needed"
        )
    size = np.linalg.norm(product_u) * np.linalg.norm(v)
    defect = abs(u @ product_v - v @ product_u) / size if size else 0.0
    if defect > _SYMMETRIC:
        raise InputError(
            f"not symmetric: uᵀHv and vᵀHu differ by {defect:.3g} of |Hu||v|, "
            f"up to {_SYMMETRIC:g} is allowed"
        )


def _sorted(
    nodes: list[Floats], weights: list[Floats], residuals: list[Floats]
) -> Nodes:
    k = np.concatenate(nodes)
    order = np.argsort(k, kind="stable")
    # a weight that underflows stays positive, so that its node is kept
    positive = np.maximum(np.concatenate(weights), np.finfo(float).tiny)
    bounds = np.concatenate(residuals)
    return Nodes(k[order], positive[order], None, bounds[order])
