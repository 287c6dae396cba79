"""The coupled iteration on w itself, which the decoupled modes are checked against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..spectra.eigenvalues import SPARSE_AS_DENSE
from ..spectra.lanczos import Apply, lanczos
from ..spectra.operators import as_matrix, as_operator, is_sparse
from ..spectra.per_weight import scaled
from ..typing import Floats
from ..validation import real
from .comparison import Modes, compare


@dataclass(frozen=True)
class Verification:
    """The coupled iteration beside the decoupled modes.

    Attributes
    ----------
    steps : iterations that were compared
    difference : the largest |w − w of the modes|, over the larger of |w of the modes|
        and tol |w_0|
    coupled, decoupled : the smallest t₀ with |w_t| ≤ tol |w_0| for all t from t₀ to
        steps, of either; −1 where it is above at the last step
    modes : how many there are, fewer than weights in a Krylov space
    """

    steps: int
    difference: float
    coupled: int
    decoupled: int
    modes: int


def iterate(
    apply: Apply,
    start: Floats,
    eps: float | Floats,
    p: float | Floats,
) -> Iterator[Floats]:
    """Yield w_0, w_1, … of Δw_t = −ε Hw + p Δw_{t−1}, from rest  [Eq. 2, 26].

    Parameters
    ----------
    apply : w → Hw
    start : (n,) w_0 − w*
    eps, p : numbers, or (n,) one for each weight (Jacobs 1988)
    """
    w, step = np.array(start, dtype=np.float64), np.zeros(start.size)
    while True:
        yield w
        step = p * step - eps * apply(w)
        w = w + step


def verify(
    hessian: Any,
    eps: float | npt.ArrayLike,
    p: float,
    *,
    start: npt.ArrayLike | None = None,
    tol: float = 1e-6,
    steps: int = 10_000,
    seed: int = 0,
    depth: int = 300,
) -> Verification:
    """Run the coupled iteration beside the rotated, decoupled modes, and compare them.

    Both are the same [Eq. 26 to 28]; they differ by rounding alone. Of an operator or a
    sparse matrix beyond 2,000 weights the modes are those of the Krylov space of the
    start: exact for as many steps as there are modes, less one, and later as far as
    what the start is made of has been found.

    Parameters
    ----------
    hessian : (n, n) symmetric: an array, a scipy.sparse matrix, or a LinearOperator
    eps : learning rate, or (n,) one for each weight, see `per_weight.scaled`
    p : momentum
    start : (n,) w_0 − w*, from the seed by default
    tol : relative distance at which a run has settled
    steps : iterations at most; the comparison ends where both are below tol/1000
    seed : of the start
    depth : modes of a Krylov space at most

    Raises
    ------
    InputError
        The Hessian is none, a number is not finite, or steps or tol is not positive.
    """
    rates = np.asarray(real(eps), dtype=np.float64)
    if not np.isfinite(rates).all() or rates.ndim > 1:
        raise InputError(f"eps: {eps!r} given, has to be a finite number")
    if np.ndim(p) or not np.isfinite(p):
        raise InputError(f"p: {p} given, has to be a finite number")
    if not (isinstance(steps, int | np.integer) and steps >= 1) or not 0.0 < tol < 1.0:
        raise InputError(f"steps: {steps} and tol: {tol}; from 1 on, and in (0, 1)")
    if depth < 1:
        raise InputError(f"depth: {depth} given, from 1 on works")
    apply, n, matrix = _products(hessian)
    if start is None:
        start = np.random.default_rng(seed).standard_normal(n)
    first = real(start).astype(np.float64).ravel()
    if first.size != n:
        raise InputError(f"start: {first.size} values for {n} weights")
    if not (first.any() and np.isfinite(first).all()):
        raise InputError("start: is 0 or not finite, so that nothing moves")
    # its size changes nothing but the range of squares
    first = np.ldexp(first, -np.frexp(np.abs(first).max())[1])
    if rates.ndim and matrix is None:
        raise InputError("eps: one for each weight goes with up to 2,000 weights here")
    modes = _modes(apply, matrix, first, rates, depth)
    limit = tol * float(np.linalg.norm(first))
    coupled = iterate(apply, first, rates, p)
    found = compare(coupled, modes, p, limit, steps, enough=1e-3)
    return Verification(found.steps, found.difference, *found.settled, modes.k.size)


def _products(hessian: Any) -> tuple[Apply, int, Floats | None]:
    """Return w → Hw, n, and the dense matrix where it is not too large."""
    matrix = as_matrix(hessian)
    if matrix is not None:
        sparse, n = is_sparse(matrix), matrix.shape[0]
        if sparse and n > SPARSE_AS_DENSE:
            half = (0.5 * (matrix + matrix.T)).astype(np.float64).tocsr()
            return half.__matmul__, n, None
        matrix = matrix.toarray() if sparse else matrix
        matrix = 0.5 * (matrix + matrix.T).astype(np.float64)
        return matrix.__matmul__, n, matrix
    apply, n, _ = as_operator(hessian)

    def flat(vector: Floats) -> Floats:
        return np.asarray(apply(vector), dtype=np.float64).ravel()

    if n > SPARSE_AS_DENSE:
        return flat, n, None
    matrix = np.array([flat(unit) for unit in np.eye(n)])
    return flat, n, 0.5 * (matrix + matrix.T)


def _modes(
    apply: Apply, matrix: Floats | None, start: Floats, rates: Floats, depth: int
) -> Modes:
    if matrix is None:
        found = lanczos(apply, start, depth, np.empty((0, start.size)))
        amplitudes = found.rotation[0] * np.linalg.norm(start)
        rotation = found.basis.T @ found.rotation
        return Modes(float(rates), found.values, amplitudes, rotation)
    if not rates.ndim:
        k, vectors = np.linalg.eigh(matrix)
        return Modes(float(rates), k, vectors.T @ start, vectors)
    k, vectors = np.linalg.eigh(scaled(matrix, rates))
    roots = np.sqrt(rates)
    return Modes(1.0, k, vectors.T @ (start / roots), roots[:, None] * vectors)
