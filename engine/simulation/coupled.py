"""Verification of the decoupled modes by the coupled iteration on all weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..backends.ufuncs import BoundMethod, heavy_ball, require_method
from ..display import Shown
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


@dataclass(frozen=True, repr=False)
class Verification(Shown):
    """The coupled iteration w compared with v, the w of the decoupled modes.

    Attributes
    ----------
    steps : number of iterations compared
    difference : the largest |w − v| / max(|v|, tol |w_0|)
    coupled, decoupled : settling times of w and v: the smallest t₀ with
        |w_t| ≤ tol |w_0| for all t from t₀ to steps; −1 if there is none
    modes : number of modes, smaller than n in a Krylov space
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
    """Return the comparison of the coupled iteration with the decoupled modes.

    Both are equal up to rounding [Eq. 26] [Eq. 27] [Eq. 28]. For an operator or a
    sparse matrix of more than 2,000 weights, the m modes are those of the Krylov space
    of the start. They are exact for m − 1 steps, and later as far as the Ritz values in
    the start have converged.

    Parameters
    ----------
    hessian : (n, n) symmetric: an array, a scipy.sparse matrix, or a LinearOperator
    eps : learning rate, or (n,) for each weight, see `per_weight.scaled`
    p : momentum
    method : optionally with leading parameters bound, as `qhm(nu=0.7)`
    start : (n,) w_0 − w*, random by default
    tol : tolerance relative to |w_0|, in (0, 1)
    steps : largest number of iterations; fewer if both fall below tol/1000
    seed : of the random start
    depth : largest dimension of the Krylov space
    threads : number of threads, by default all; the bits do not depend on it
    **parameters : further parameters of the method

    Raises
    ------
    InputError
        The Hessian is not square, real and finite, a parameter is missing or not
        finite, or steps, tol or depth is out of range.
    """
    require_method(method)
    whole_number("steps", steps), whole_number("depth", depth)
    if not 0.0 < tol < 1.0:
        raise InputError(f"{tol} given; a number between 0 and 1 is needed", "tol")
    rates = None if eps is None or np.ndim(eps) == 0 else _rates(eps)
    arguments = {"eps": eps if rates is None else 1.0, "p": p, **parameters}
    values = tuple(float(_single(n, v)) for n, v in method.values(arguments).items())
    hessian = _symmetrised(hessian)
    displacement = _start(start, hessian.n, seed)
    apply = _scaled_apply(hessian, rates)
    modes = _modes(hessian, displacement, rates, depth)
    limit = tol * float(np.linalg.norm(displacement))
    step = coupled_step(method.method, values, threads)
    result = compare(
        iterate(apply, displacement, step),
        modes,
        recurrences(method.method, values, modes.k, threads=threads),
        limit,
        steps,
        enough=1e-3,
        threads=threads,
    )
    return Verification(result.steps, result.difference, *result.settled, modes.k.size)


def _rates(eps: Any) -> Floats:
    """Return the learning rate of each weight, (n,)."""
    rates = finite("eps", eps)
    if rates.ndim > 1:
        raise InputError(
            f"shape {rates.shape}; a number, or one for each weight, is needed", "eps"
        )
    return rates


def _single(name: str, value: Floats) -> Floats:
    if value.ndim:
        raise InputError(f"{value.size} values given; one number is needed", name)
    return value


def _scaled_apply(hessian: Hessian, rates: Floats | None) -> Apply:
    """Return w → EHw with E = diag(rates), or w → Hw without rates."""
    if rates is None:
        return hessian.apply
    if hessian.matrix is None:
        raise InputError(
            f"rates for each weight need a matrix of at most {SPARSE_AS_DENSE:,} "
            "weights",
            "eps",
        )
    return lambda w: rates * hessian.apply(w)


def _start(start: npt.ArrayLike | None, n: int, seed: int) -> Floats:
    """Return w_0 − w*, scaled by a power of two so that squares are in range."""
    if start is None:
        start = np.random.default_rng(seed).standard_normal(n)
    values = real(start).astype(np.float64).ravel()
    if values.size != n:
        raise InputError(f"{values.size} values for {n} weights", "start")
    if not (values.any() and np.isfinite(values).all()):
        raise InputError(
            "is 0 or not finite; give a finite vector other than 0", "start"
        )
    scaled_start: Floats = np.ldexp(values, -np.frexp(np.abs(values).max())[1])
    return scaled_start


def _symmetrised(argument: Any) -> Hessian:
    """Return (H + Hᵀ)/2, with a dense matrix for n up to `SPARSE_AS_DENSE`."""
    hessian = as_hessian(argument)
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
    """Return the modes of H, or of E^½HE^½ for rates E, see `per_weight.scaled`."""
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
