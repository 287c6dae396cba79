"""The Lanczos iteration (Golub and Meurant 2010).

m steps from a start vector b give m Ritz values θ_j and weights ω_j. With the component
b_i of b along eigenvector i, Σ_i b_i² f(k_i) = |b|² Σ_j ω_j f(θ_j) for polynomials f of
degree up to 2m − 1. Each vector is orthogonalised twice against all earlier ones, since
converged values would otherwise reappear as copies. An eigenvalue is within the
residual bound β_m|s_mj| of each Ritz value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..typing import Apply, Floats
from .operators import DOUBLE_EPS, checked_product

# rounding error of a product with a unit vector, in units of eps·|H|
PRODUCT = 4.0


@dataclass(frozen=True, eq=False)
class Ritz:
    """Ritz values, weights, residual bounds and vectors of m Lanczos steps.

    Attributes
    ----------
    values : (m,) Ritz values, increasing
    weights : (m,) squared first components of the eigenvectors of the tridiagonal
        matrix; their sum is 1
    residuals : (m,) bounds of the distance to the nearest eigenvalue
    alpha, beta : (m,) diagonal of the tridiagonal matrix; its off-diagonal, and the
        norm of the last residual, which is at least the rounding error of a product
    basis : (m, n) Lanczos vectors, row by row
    rotation : (m, m) eigenvectors of the tridiagonal matrix; the columns of
        basisᵀ·rotation are the Ritz vectors
    """

    values: Floats
    weights: Floats
    residuals: Floats
    alpha: Floats
    beta: Floats
    basis: Floats
    rotation: Floats

    def vectors(self, chosen: npt.NDArray[np.bool_]) -> Floats:
        """Return the chosen Ritz vectors, (c, n)."""
        ritz_vectors: Floats = (self.basis.T @ self.rotation[:, chosen]).T
        return ritz_vectors


def orthogonal(vector: Floats, *bases: Floats) -> Floats:
    """Return the component of a vector orthogonal to all bases, (m, n) each."""
    for _ in range(2):
        for basis in bases:
            vector = vector - basis.T @ (basis @ vector)
    return vector


def lanczos(
    apply: Apply,
    start: Floats,
    steps: int,
    without: Floats,
    *,
    eps: float = DOUBLE_EPS,
    norm: float = 0.0,
) -> Ritz:
    """Return the Ritz values and vectors of a symmetric matrix after `steps` products.

    Parameters
    ----------
    apply : v → Hv, not 0
    start : (n,) not 0
    steps : ≥ 1; the iteration stops earlier at an invariant subspace
    without : (c, n) orthonormal eigenvectors, to which all vectors are orthogonal
    eps : relative rounding error of a product
    norm : what is known of the norm of H from earlier products; rounding errors are
        relative to it, also where all large eigenvalues are in `without`

    Raises
    ------
    InputError
        A product is not finite, or has another length.
    """
    n = start.size
    steps = min(steps, n - len(without))
    basis = np.empty((steps, n))
    alpha, beta = np.zeros(steps), np.zeros(steps)
    vector = orthogonal(start, without)
    vector = vector / np.linalg.norm(vector)
    for j in range(steps):
        basis[j] = vector
        product = checked_product(apply(vector), n, j)
        alpha[j] = vector @ product
        product = orthogonal(product, without, basis[: j + 1])
        beta[j] = np.linalg.norm(product)
        size = max(norm, np.abs(alpha[: j + 1]).max() + beta[: j + 1].max())
        if beta[j] <= n * eps * size:
            beta[j] = max(beta[j], PRODUCT * eps * size)  # the rest is rounding
            break
        vector = product / beta[j]
    return _ritz(basis[: j + 1], alpha[: j + 1], beta[: j + 1])


def _ritz(basis: Floats, alpha: Floats, beta: Floats) -> Ritz:
    tridiagonal = np.diag(alpha) + np.diag(beta[:-1], 1) + np.diag(beta[:-1], -1)
    values, rotation = np.linalg.eigh(tridiagonal)
    residuals = beta[-1] * np.abs(rotation[-1])
    return Ritz(values, rotation[0] ** 2, residuals, alpha, beta, basis, rotation)
