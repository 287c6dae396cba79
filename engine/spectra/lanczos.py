"""Matrix-free spectra by Lanczos quadrature (Golub and Meurant 2010).

m steps from a start vector b give m Ritz values and weights with which Σ over all modes
of b's components squared times a polynomial in k is exact up to degree 2m − 1. Vectors
are made orthogonal to all before them, twice: without that, converged values come again
as ghosts. A Ritz value has an eigenvalue within its residual bound β_m|s_m|.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..typing import Apply, Floats
from .nodes import Nodes
from .operators import DOUBLE_EPS

# of the largest |Ritz value|: a pair with a smaller residual is taken as an eigenpair
_EIGENPAIR = 1e-10
_SYMMETRIC = 1e-6


@dataclass(frozen=True, eq=False)
class Ritz:
    """What m steps know: values (m,), weights (m,) that add to 1, bounds, vectors.

    Attributes
    ----------
    values : (m,) increasing
    weights : (m,) squared first components of the eigenvectors of the small matrix
    residuals : (m,) bounds of the distance to the next eigenvalue
    basis, rotation : (m, n) Lanczos vectors and (m, m): columns of basisᵀ·rotation are
        the Ritz vectors
    """

    values: Floats
    weights: Floats
    residuals: Floats
    basis: Floats
    rotation: Floats


def _orthogonal(vector: Floats, *bases: Floats) -> Floats:
    """Return what is left of a vector beside all bases, which are orthogonal."""
    for _ in range(2):
        for basis in bases:
            vector = vector - basis.T @ (basis @ vector)
    return vector


def lanczos(
    apply: Apply, start: Floats, steps: int, without: Floats, eps: float = DOUBLE_EPS
) -> Ritz:
    """Return what `steps` products know of a symmetric matrix.

    Parameters
    ----------
    apply : v → Hv
    start : (n,) not 0
    steps : at least 1; fewer are made where the start spans a smaller invariant space
    without : (c, n) orthonormal eigenvectors that are left out
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
            "the loss has to be finite there"
        )
    return array


def _ritz(basis: Floats, alpha: Floats, beta: Floats) -> Ritz:
    small = np.diag(alpha) + np.diag(beta[:-1], 1) + np.diag(beta[:-1], -1)
    values, rotation = np.linalg.eigh(small)
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

    A first run finds the ends. What has converged there is an eigenpair: it gets its
    weight exactly and is left out of further runs from random vectors (stochastic
    Lanczos quadrature; Ubaru, Chen and Saad 2017), which share the other weights.
    Memory is about 2·steps + eigenpairs vectors of n doubles.

    Parameters
    ----------
    apply : v → Hv, for (n,) float64
    n : size of the matrix
    steps, probes : of each run, and how many runs follow the first
    seed : of the random vectors; the same seed gives the same spectrum
    known : eigenvalues (c,), orthonormal eigenvectors (c, n) and the bounds (c,) of
        what was found otherwise
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
    left = n - len(vectors)
    # bounds hold for H, which the eigenpairs are left out of as well as they are known
    leak = float(np.linalg.norm(np.concatenate(residuals)))
    for _ in range(probes if left > 0 else 0):
        run = lanczos(apply, rng.standard_normal(n), steps, vectors, eps)
        nodes.append(run.values)
        weights.append(run.weights * left / probes)
        residuals.append(np.hypot(run.residuals, leak))
        del run  # its basis, before the next one comes
    found = _sorted(nodes, weights, residuals)
    return found if eps <= DOUBLE_EPS else _coarse(found, n * eps)


def _eigenpairs(
    apply: Apply, start: Floats, steps: int, without: Floats, eps: float
) -> tuple[Floats, Floats, Floats] | None:
    """Return values, vectors and bounds of what converged, None if nothing is left."""
    if len(without) == start.size:
        return None
    run = lanczos(apply, start, steps, without, eps)
    largest = float(np.abs(run.values).max())
    sure = run.residuals <= max(_EIGENPAIR, 10.0 * eps) * largest
    vectors = (run.basis.T @ run.rotation[:, sure]).T
    return run.values[sure], vectors, run.residuals[sure]


def _coarse(found: Nodes, relative: float) -> Nodes:
    """Return nodes that are known to a relative error of the largest."""
    limit = relative * float(np.abs(found.k).max())
    bounds = np.maximum(np.asarray(found.residuals), limit)
    return found._replace(residuals=bounds, tolerance=limit)


def displacement_quadrature(
    apply: Apply, displacement: Floats, *, steps: int = 100
) -> Nodes:
    """Return the nodes with which loss(t) is exact for t < steps, from a displacement.

    loss(t) and distance(t)² from w(0) − w* = b are Σ over modes of b's components
    squared times polynomials of degree 2t + 1 and 2t in k, which steps from b integrate
    exactly. The weights are 1; a node's displacement has its share of |b|².

    Parameters
    ----------
    apply : v → Hv
    displacement : (n,) b, not 0
    steps : of the Lanczos iteration

    Raises
    ------
    InputError
        b is 0 or not finite, the matrix is not symmetric, or a product is not finite.
    """
    b = np.asarray(displacement, dtype=np.float64).ravel()
    size = float(b @ b)
    if not 0.0 < size < np.inf:
        raise InputError("is 0 or not finite, so that nothing moves", "displacement")
    _check_symmetry(apply, b.size, np.random.default_rng(0))
    run = lanczos(apply, b, steps, np.empty((0, b.size)))
    return Nodes(run.values, None, size * run.weights, run.residuals)


def _check_symmetry(apply: Apply, n: int, rng: np.random.Generator) -> None:
    """Refuse what uᵀHv ≠ vᵀHu tells to be not symmetric."""
    u, v = rng.standard_normal((2, n))
    of_u, of_v = _finite(apply(u), 0), _finite(apply(v), 1)
    if of_u.size != n:
        raise InputError(f"a product has {of_u.size} values for a vector of {n}")
    size = np.linalg.norm(of_u) * np.linalg.norm(v)
    defect = abs(u @ of_v - v @ of_u) / size if size else 0.0
    if defect > _SYMMETRIC:
        raise InputError(
            f"not symmetric: uᵀHv and vᵀHu differ by {defect:.3g} of |Hu||v|"
        )


def _sorted(
    nodes: list[Floats], weights: list[Floats], residuals: list[Floats]
) -> Nodes:
    k = np.concatenate(nodes)
    order = np.argsort(k, kind="stable")
    # a weight may underflow, where its node still tells where the spectrum ends
    mass = np.maximum(np.concatenate(weights), np.finfo(float).tiny)
    bounds = np.concatenate(residuals)
    return Nodes(k[order], mass[order], None, bounds[order])
