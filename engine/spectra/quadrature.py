"""Matrix-free spectra by Lanczos quadrature, from random vectors or a displacement."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..errors import InputError
from ..typing import Apply, Floats
from .hidden import Excluded, least_mass, with_reach
from .lanczos import PRODUCT, Ritz, lanczos
from .nodes import Nodes, rounding
from .operators import DOUBLE_EPS

# residual of a converged eigenpair, relative to the largest |Ritz value|
_EIGENPAIR = 1e-10


class Pairs(NamedTuple):
    """Eigenpairs that are known before, and where there are no others.

    Attributes
    ----------
    values, vectors, residuals : (c,), orthonormal (c, n), and bounds (c,)
    excluded : where further eigenvalues are excluded
    """

    values: Floats
    vectors: Floats
    residuals: Floats
    excluded: Excluded


def no_pairs(n: int) -> Pairs:
    """Return no eigenpairs of a matrix of size n."""
    return Pairs(np.empty(0), np.empty((0, n)), np.empty(0), Excluded())


def quadrature(
    apply: Apply,
    n: int,
    *,
    steps: int = 100,
    probes: int = 4,
    seed: int = 0,
    known: Pairs | None = None,
    eps: float = DOUBLE_EPS,
) -> Nodes:
    """Return nodes and weights for the whole spectrum of a symmetric matrix.

    A first run finds outer eigenpairs. The converged ones have weight 1 and are
    deflated. The remaining weight is divided among runs from random vectors (stochastic
    Lanczos quadrature; Ubaru, Chen and Saad 2017). The memory is about 2·steps + c
    vectors of n doubles for c eigenpairs.

    Parameters
    ----------
    apply : v → Hv, for (n,) float64, not 0; its norm and the square of that are doubles
    n : size of the matrix
    steps : Lanczos steps of each run
    probes : number of runs after the first
    seed : of the random vectors; the same seed gives the same spectrum
    known : eigenpairs that were computed before
    eps : relative rounding error of a product, more than 2⁻⁵² for single precision

    Returns
    -------
    nodes; the residuals of the ends are those of `with_reach`

    Raises
    ------
    InputError
        A product is not finite.
    """
    rng = np.random.default_rng(seed)
    known = known or no_pairs(n)
    values, vectors, bounds, excluded = known
    if len(vectors) == n:
        return _sorted([values], [np.ones(n)], [bounds], n, eps)
    norm = float(np.abs(values).max(initial=0.0))
    run = lanczos(apply, rng.standard_normal(n), steps, vectors, eps=eps, norm=norm)
    norm = max(norm, float(np.abs(run.values).max()))
    found = run.residuals <= max(_EIGENPAIR, 10.0 * eps) * norm
    nodes, residuals = [values, run.values[found]], [bounds, run.residuals[found]]
    vectors = np.vstack([vectors, run.vectors(found)])
    weights, remaining = [np.ones(len(vectors))], n - len(vectors)
    # deflation by inexact eigenvectors adds their residuals to the bounds
    deflation_error = float(np.linalg.norm(np.concatenate(residuals)))
    runs = [_without_basis(run)]
    del run  # frees the basis before the next run
    for _ in range(probes if remaining > 0 else 0):
        start = rng.standard_normal(n)
        run = lanczos(apply, start, steps, vectors, eps=eps, norm=norm)
        nodes.append(run.values)
        weights.append(run.weights * remaining / probes)
        residuals.append(np.hypot(run.residuals, deflation_error))
        runs.append(_without_basis(run))
        del run
    result = _sorted(nodes, weights, residuals, n, eps)
    # the runs cannot tell smaller modes from zero modes
    share = least_mass(len(runs), n) / len(runs)
    modes = max(n, result.k.size, 1.1 * PRODUCT / math.sqrt(share))
    limit = modes * eps * float(np.abs(result.k).max())
    result = result._replace(tolerance=limit)
    return with_reach(result, runs, n, limit, deflation_error, excluded)


def _without_basis(run: Ritz) -> Ritz:
    return replace(run, basis=np.empty((0, 0)), rotation=np.empty((0, 0)))


def _sorted(
    nodes: list[Floats],
    weights: list[Floats],
    residuals: list[Floats],
    n: int,
    eps: float,
) -> Nodes:
    """Return nodes in increasing order, without those whose weight is rounding."""
    k, shares = np.concatenate(nodes), np.concatenate(weights)
    bounds = np.concatenate(residuals)
    order = np.argsort(k, kind="stable")
    order = order[shares[order] > DOUBLE_EPS**2 * n]
    bounds = np.maximum(bounds, rounding(n, k, eps))
    return Nodes(k[order], shares[order], None, bounds[order])


def displacement_quadrature(
    apply: Apply, displacement: Floats, *, steps: int = 100, eps: float = DOUBLE_EPS
) -> Nodes:
    """Return nodes that give the exact loss(t) for t < steps from a displacement.

    For w(0) − w* = b, loss(t) and distance(t)² are Σ b_i² f(k_i) with polynomials f of
    degree 2t + 1 and 2t. Lanczos from b integrates these exactly. The weights are 1,
    the displacements are |b|² times the weights of the quadrature. b need not touch all
    modes, hence the residuals of the ends are as large as these.

    Parameters
    ----------
    apply : v → Hv, not 0; its norm and the square of that are doubles
    displacement : (n,) b, not 0
    steps : Lanczos steps
    eps : relative rounding error of a product

    Raises
    ------
    InputError
        b is 0 or not finite, |b|² is out of the range of doubles, or a product is not
        finite.
    """
    size, b = squared_size(displacement)
    run = lanczos(apply, b, steps, np.empty((0, b.size)), eps=eps)
    kept = run.weights > DOUBLE_EPS**2
    k, bounds = run.values[kept], np.array(run.residuals[kept])
    bounds = np.maximum(bounds, rounding(b.size, k, eps))
    limit = max(b.size, k.size) * eps * float(np.abs(k).max())
    ends = [0, k.size - 1, *np.flatnonzero(k > limit)[:1]]
    ends += [*np.flatnonzero(k < -limit)[-1:]]
    bounds[ends] = np.maximum(bounds[ends], np.abs(k[ends]))
    tolerance = limit if eps > DOUBLE_EPS else None
    return Nodes(k, None, size * run.weights[kept], bounds, tolerance)


def squared_size(displacement: Floats) -> tuple[float, Floats]:
    """Return |b|², and b scaled by a power of two to about 1.

    Raises
    ------
    InputError
        b is 0 or not finite, or |b|² is out of the range of doubles.
    """
    largest = float(np.abs(displacement).max(initial=0.0))
    if not 0.0 < largest < np.inf:
        raise InputError(
            "is 0 or not finite; give a finite vector other than 0", "displacement"
        )
    exponent = int(np.frexp(largest)[1])
    b: Floats = np.ldexp(displacement, -exponent)
    with np.errstate(over="ignore", under="ignore"):
        size = float(np.ldexp(b @ b, 2 * exponent))
    if not np.finfo(float).tiny <= size < np.inf:
        raise InputError(
            f"the largest value is {largest:.6g}, whose square is out of the range of "
            "doubles; scale the displacement",
            "displacement",
        )
    return size, b
