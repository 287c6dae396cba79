"""The coupled iteration on w itself, which the decoupled modes are checked against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .ensemble import Ensemble, recurrences
from .errors import InputError
from .hessians import check_matrix, real
from .methods import METHODS

Floats = npt.NDArray[np.float64]


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
    """

    steps: int
    difference: float
    coupled: int
    decoupled: int


def iterate(
    apply: Callable[[Floats], Floats],
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
    hessian: npt.ArrayLike,
    eps: float,
    p: float,
    *,
    start: npt.ArrayLike | None = None,
    tol: float = 1e-6,
    steps: int = 10_000,
    seed: int = 0,
) -> Verification:
    """Run the coupled iteration beside the rotated, decoupled modes, and compare them.

    Both are the same [Eq. 26 to 28]; they differ by rounding alone.

    Parameters
    ----------
    hessian : (n, n) symmetric
    eps, p : learning rate and momentum
    start : (n,) w_0 − w*, from the seed by default
    tol : relative distance at which a run has settled
    steps : iterations at most; the comparison ends where both are below tol/1000
    seed : of the start

    Raises
    ------
    InputError
        The Hessian is none, a number is not finite, or steps or tol is not positive.
    """
    matrix = real(hessian)
    check_matrix(matrix)
    for name, value in (("eps", eps), ("p", p)):
        if np.ndim(value) or not np.isfinite(value):
            raise InputError(f"{name}: {value} given, has to be a finite number")
    if not (isinstance(steps, int | np.integer) and steps >= 1) or not 0.0 < tol < 1.0:
        raise InputError(f"steps: {steps} and tol: {tol}; from 1 on, and in (0, 1)")
    matrix = 0.5 * (matrix + matrix.T).astype(np.float64)
    if start is None:
        start = np.random.default_rng(seed).standard_normal(len(matrix))
    first = real(start).astype(np.float64).ravel()
    if first.size != len(matrix):
        raise InputError(f"start: {first.size} values for {len(matrix)} weights")
    if not (first.any() and np.isfinite(first).all()):
        raise InputError("start: is 0 or not finite, so that nothing moves")
    return _compare(matrix, first, (eps, p), tol, steps)


def _compare(
    matrix: Floats,
    start: Floats,
    parameters: tuple[float, float],
    tol: float,
    steps: int,
) -> Verification:
    k, vectors = np.linalg.eigh(matrix)
    amplitudes = vectors.T @ start
    by = recurrences(METHODS["heavy_ball"], parameters, k)
    ensemble = Ensemble(k.size)
    limit = tol * float(np.linalg.norm(start))
    worst, last, t = 0.0, np.array([-1, -1]), -1
    with np.errstate(over="ignore", invalid="ignore"):
        for w in iterate(matrix.__matmul__, start, *parameters):
            t += 1
            ensemble.advance(by, 1 if t else 0)
            other = vectors @ (amplitudes * ensemble.w)
            norms = np.linalg.norm([w, other], axis=1)
            last[~(norms <= limit)] = t
            if not np.isfinite(norms).all():
                break
            worst = max(worst, np.linalg.norm(w - other) / max(norms[1], limit))
            if t == steps or norms.max() <= 1e-3 * limit:
                break
    settled = [int(at) + 1 if at < t else -1 for at in last]
    return Verification(t, float(worst), settled[0], settled[1])


def per_weight_radius(
    hessian: npt.ArrayLike, eps: npt.ArrayLike, p: npt.ArrayLike
) -> float:
    """Return ρ of the iteration with a learning rate and a momentum for each weight.

    w_{t+1} = (1 + P − EH) w_t − P w_{t−1} with diagonal E and P; the eigenvalues of its
    2n × 2n matrix are exact where no single H's are. With one p for all it is the
    heavy ball on the spectrum of E^½ H E^½.

    Parameters
    ----------
    hessian : (n, n) symmetric
    eps, p : (n,) learning rates and momenta, or one for all

    Raises
    ------
    InputError
        The Hessian is none, or eps or p is not as above.
    """
    matrix = real(hessian)
    check_matrix(matrix)
    n = len(matrix)
    given = [np.asarray(values, dtype=np.float64) for values in (eps, p)]
    for name, values in zip(("eps", "p"), given, strict=True):
        if values.shape not in ((), (n,)) or not np.isfinite(values).all():
            raise InputError(f"{name}: a finite number, or {n} of them, is needed")
    rates, momenta = (np.broadcast_to(values, (n,)) for values in given)
    top = np.diag(1.0 + momenta) - rates[:, None] * matrix
    whole = np.block([[top, -np.diag(momenta)], [np.eye(n), np.zeros((n, n))]])
    return float(np.abs(np.linalg.eigvals(whole)).max())
