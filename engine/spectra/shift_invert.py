"""Eigenvalues next to 0 and the largest one of a sparse matrix, by factorisation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..typing import Apply, Floats, Report
from .hidden import Excluded, largest_mass, least_mass
from .lanczos import Ritz, lanczos, orthogonal
from .operators import DOUBLE_EPS
from .quadrature import Pairs

# largest n that is factorised
FACTORISED = 300_000
# steps and probes of the runs with the inverse; eigenpairs that are kept at each end
_STEPS, _RUNS, _KEPT = 60, 3, 4
# most zero modes that are searched, and most doubles for their vectors
_MOST_ZEROS, _MOST_DOUBLES = 1000, 5e7
_BLOCK, _BLOCK_STEPS = 32, 4
_CONVERGED = 1e-10


def outer_pairs(matrix: Any, seed: int, report: Report) -> Pairs | None:
    """Return eigenpairs next to 0 and the largest ones.

    Lanczos converges slowly where eigenvalues are dense; with the inverse of a shifted
    matrix it does not. One shift is just below 0, so that a zero mode does not make the
    matrix singular. The other is just above a bound of the largest eigenvalue. Zero
    modes are deflated until a random start finds no more. None if the factorisation
    fails or is too large.

    Parameters
    ----------
    matrix : (n, n) sparse and symmetric, with a norm of about 1
    seed : of the random starts
    report : called with a message where this fails, or zero modes may be left
    """
    n = matrix.shape[0]
    bound = float(abs(matrix).sum(axis=1).max())
    if n > FACTORISED or not bound:
        return None
    rng = np.random.default_rng(seed)
    gap = max(1e-11, 10 * n * DOUBLE_EPS) * bound
    try:
        low, high = (_solver(matrix, at) for at in (-gap, bound * (1 + 1e-9)))
        zeros, complete = _zero_vectors(matrix, low, n * DOUBLE_EPS * bound, rng)
        if not complete:
            report(f"at least {len(zeros)} zero modes; the others are estimated")
        nearest, below, smallest = zeros[:0], 0.0, 0.0
        if complete:
            nearest, below, smallest = _nearest(low, zeros, rng)
        farthest, largest, _ = _nearest(high, zeros[:0], rng)
    except (RuntimeError, MemoryError) as error:
        report(f"shift-invert for the outer eigenvalues failed: {error}")
        return None
    excluded = Excluded(below - gap, smallest - gap, bound * (1 + 1e-9) + largest)
    vectors = np.concatenate([zeros, nearest, farthest])
    return _rayleigh_ritz(matrix, vectors)._replace(excluded=excluded)


def _solver(matrix: Any, shift: float) -> Apply:
    """Return b → (H − shift)⁻¹b for vectors and (n, c) arrays."""
    import scipy.sparse as sp
    from scipy.sparse.linalg import splu

    unit = sp.eye_array(matrix.shape[0], format="csc")
    factors: Any = splu((matrix - shift * unit).tocsc())
    solve: Apply = factors.solve
    return solve


def _zero_vectors(
    matrix: Any, solve: Apply, tolerance: float, rng: np.random.Generator
) -> tuple[Floats, bool]:
    """Return orthonormal zero modes (c, n), and whether there are no others.

    A run from a random start finds one mode of a cluster. If that is a zero mode,
    subspace iteration collects more of them.
    """
    n = matrix.shape[0]
    found = np.empty((0, n))
    most = min(_MOST_ZEROS, int(_MOST_DOUBLES // n))
    while len(found) < min(n, most):
        start = rng.standard_normal(n)
        run = lanczos(solve, start, _STEPS, found)
        top = run.vectors(np.arange(run.values.size) == run.values.size - 1)
        if abs(top[0] @ (matrix @ top[0])) > tolerance:
            return found, True
        number = min(max(_BLOCK, len(found)), most - len(found), n - len(found))
        block = np.vstack([top, rng.standard_normal((number - 1, n))])
        for _ in range(_BLOCK_STEPS):
            block = _orthonormal(_without(solve(block.T).T, found))
        pairs = _rayleigh_ritz(matrix, block)
        zero = _are_zero(matrix, pairs, tolerance)
        zero[np.argmin(np.abs(pairs.values))] = True  # the one that was found
        found = np.vstack([found, pairs.vectors[zero]])
    return found, len(found) == n


def _are_zero(matrix: Any, pairs: Pairs, tolerance: float) -> npt.NDArray[np.bool_]:
    """Return which eigenpairs are zero modes, exact to rounding, (c,)."""
    sizes = np.linalg.norm(matrix @ pairs.vectors.T, axis=0)
    return np.asarray((np.abs(pairs.values) <= tolerance) & (sizes <= tolerance))


def _nearest(
    solve: Apply, zeros: Floats, rng: np.random.Generator
) -> tuple[Floats, float, float]:
    """Return the eigenvectors of the largest |ν| of an inverse, and where 1/ν is not.

    Returns
    -------
    vectors (c, n), and the largest negative and the least positive 1/ν that are
    possible, 0 where that is not known
    """
    n = zeros.shape[1]
    if len(zeros) == n:
        return zeros[:0], 0.0, 0.0
    starts: list[Floats] = list(rng.standard_normal((_RUNS, n)))
    runs = [lanczos(solve, start, _STEPS, zeros) for start in starts]
    run = runs[0]
    sizes = np.abs(run.values)
    found = run.residuals <= _CONVERGED * sizes.max()
    found &= sizes >= np.sort(sizes)[-_KEPT:][0]
    vectors = run.vectors(found)
    if len(vectors):  # one step of the inverse iteration makes them exact
        vectors = _orthonormal(_without(solve(vectors.T).T, zeros))
    return vectors, _end(runs, -1.0, n), _end(runs, 1.0, n)


def _end(runs: list[Ritz], sign: float, n: int) -> float:
    """Return the 1/ν of a sign next to 0 that is possible, 0 if that is not known."""
    scale = max(float(np.abs(run.values).max()) for run in runs)
    edge = max(0.0, *(float((sign * run.values).max()) for run in runs))
    x = edge + scale * np.geomspace(1e-15, 1e6, 1000)
    mass = np.sum([largest_mass(run, sign * x) for run in runs], axis=0)
    above = float(x[mass >= least_mass(len(runs), n)].max(initial=x[0]))
    return sign / above if above < x[-1] else 0.0


def _without(vectors: Floats, zeros: Floats) -> Floats:
    """Return the components of vectors (c, n) orthogonal to zero modes."""
    return orthogonal(vectors.T, zeros).T


def _orthonormal(vectors: Floats) -> Floats:
    """Return an orthonormal basis of independent vectors (c, n), row by row."""
    vectors = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    return np.linalg.qr(vectors.T)[0].T


def _rayleigh_ritz(matrix: Any, vectors: Floats) -> Pairs:
    """Return Ritz values, orthonormal Ritz vectors and residuals in span(vectors)."""
    basis, factor = np.linalg.qr(vectors.T)
    # both shifts may have given the same vector
    basis = basis[:, np.abs(np.diag(factor)) > 0.5]
    values, rotation = np.linalg.eigh(basis.T @ (matrix @ basis))
    ritz_vectors = basis @ rotation
    residuals = matrix @ ritz_vectors - ritz_vectors * values
    sizes = np.linalg.norm(residuals, axis=0)
    return Pairs(values, ritz_vectors.T, sizes, Excluded())
