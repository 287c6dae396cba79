"""The coupled iteration on w itself, which the decoupled modes are checked against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..backends.ufuncs import BoundMethod, heavy_ball
from ..errors import InputError
from ..spectra.eigenvalues import SPARSE_AS_DENSE
from ..spectra.lanczos import lanczos
from ..spectra.operators import Hessian, as_hessian
from ..spectra.per_weight import scaled
from ..typing import Apply, Floats
from ..validation import finite, real, whole_number
from .comparison import Modes, compare
from .coupled_step import coupled_step, iterate
from .ensemble import recurrences


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


def verify(
    hessian: Any,
    eps: float | npt.ArrayLike | None = None,
    p: float | None = None,
    *,
    method: BoundMethod = heavy_ball,
    start: npt.ArrayLike | None = None,
    tol: float = 1e-6,
    steps: int = 10_000,
    seed: int = 0,
    depth: int = 300,
    threads: int | None = None,
    **parameters: float,
) -> Verification:
    """Run the coupled iteration beside the rotated, decoupled modes, and compare them.

    Both are the same [Eq. 26] [Eq. 27] [Eq. 28]; they differ by rounding alone. Of an
    operator or a sparse matrix beyond 2,000 weights the modes are those of the Krylov
    space of the start: exact for as many steps as there are modes, less one, and later
    as far as what the start is made of has been found.

    Parameters
    ----------
    hessian : (n, n) symmetric: an array, a scipy.sparse matrix, or a LinearOperator
    eps : learning rate, or (n,) one for each weight, see `per_weight.scaled`
    p : momentum
    method : with or without leading parameters bound, as `qhm(nu=0.7)`
    start : (n,) w_0 − w*, from the seed by default
    tol : relative distance at which a run has settled
    steps : iterations at most; the comparison ends where both are below tol/1000
    seed : of the start
    depth : modes of a Krylov space at most
    threads : as for `sweep`; they change no bit
    **parameters : of the method, beside eps and p

    Raises
    ------
    InputError
        The Hessian is none, a number is missing or not finite, or steps, tol or depth
        is out of its range.
    """
    whole_number("steps", steps), whole_number("depth", depth)
    if not 0.0 < tol < 1.0:
        raise InputError(f"{tol} given, between 0 and 1 works", "tol")
    rates = None if eps is None or np.ndim(eps) == 0 else _rates(eps)
    given = {"eps": eps if rates is None else 1.0, "p": p, **parameters}
    values = tuple(float(_single(n, v)) for n, v in method.values(given).items())
    hessian = _products(hessian)
    first = _start(start, hessian.n, seed)
    apply = hessian.apply
    if rates is not None and hessian.matrix is None:
        raise InputError(
            "one for each weight goes with up to 2,000 weights here", "eps"
        )
    if rates is not None:
        apply = _times(rates, apply)
    modes = _modes(hessian, first, rates, depth)
    limit = tol * float(np.linalg.norm(first))
    coupled = iterate(apply, first, coupled_step(method.method, values, threads))
    decoupled = recurrences(method.method, values, modes.k, threads=threads)
    found = compare(
        coupled, modes, decoupled, limit, steps, enough=1e-3, threads=threads
    )
    return Verification(found.steps, found.difference, *found.settled, modes.k.size)


def _rates(eps: Any) -> Floats:
    rates = finite("eps", eps)
    if rates.ndim > 1:
        raise InputError("a number, or one for each weight, is needed", "eps")
    return rates


def _single(name: str, value: Floats) -> Floats:
    if value.ndim:
        raise InputError(f"{value.size} values given; one number is needed", name)
    return value


def _times(rates: Floats, apply: Apply) -> Apply:
    return lambda w: rates * apply(w)


def _start(start: npt.ArrayLike | None, n: int, seed: int) -> Floats:
    """Return w_0 − w*, scaled by a power of two so that no square is out of range."""
    if start is None:
        start = np.random.default_rng(seed).standard_normal(n)
    first = real(start).astype(np.float64).ravel()
    if first.size != n:
        raise InputError(f"{first.size} values for {n} weights", "start")
    if not (first.any() and np.isfinite(first).all()):
        raise InputError("is 0 or not finite, so that nothing moves", "start")
    scaled_start: Floats = np.ldexp(first, -np.frexp(np.abs(first).max())[1])
    return scaled_start


def _products(given: Any) -> Hessian:
    """Return the symmetric part, with its dense matrix where it is not too large."""
    hessian = as_hessian(given)
    n, matrix = hessian.n, hessian.matrix
    if hessian.is_sparse and n > SPARSE_AS_DENSE:
        half = (0.5 * (matrix + matrix.T)).astype(np.float64).tocsr()
        return Hessian(n, half.__matmul__)
    if matrix is None and n > SPARSE_AS_DENSE:
        return Hessian(n, hessian.product)
    if matrix is None:
        matrix = np.array([hessian.product(unit) for unit in np.eye(n)])
        return Hessian(n, hessian.product, 0.5 * (matrix + matrix.T))
    matrix = matrix.toarray() if hessian.is_sparse else matrix
    matrix = 0.5 * (matrix + matrix.T).astype(np.float64)
    return Hessian(n, matrix.__matmul__, matrix)


def _modes(hessian: Hessian, start: Floats, rates: Floats | None, depth: int) -> Modes:
    """Return the modes of H, or of E^½HE^½ where each weight has its learning rate."""
    if hessian.matrix is None:
        ritz = lanczos(hessian.apply, start, depth, np.empty((0, start.size)))
        amplitudes = ritz.rotation[0] * np.linalg.norm(start)
        return Modes(ritz.values, amplitudes, ritz.basis.T @ ritz.rotation)
    if rates is None:
        k, vectors = np.linalg.eigh(hessian.matrix)
        return Modes(k, vectors.T @ start, vectors)
    k, vectors = np.linalg.eigh(scaled(hessian.matrix, rates))
    roots = np.sqrt(rates)
    return Modes(k, vectors.T @ (start / roots), roots[:, None] * vectors)
