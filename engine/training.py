"""Real training beside what the modes predict of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .coupled import iterate
from .ensemble import Ensemble, recurrences
from .errors import InputError
from .hessians import check_matrix, real
from .lanczos import Apply
from .methods import METHODS
from .spectrum import Spectrum

Floats = npt.NDArray[np.float64]
# training further than that from where it began is lost
_LOST = 1e3


@dataclass(frozen=True)
class Training:
    """Full-batch training with momentum, from a displacement, beside its prediction.

    Attributes
    ----------
    steps : iterations that were made
    predicted, trained : the smallest t₀ with |w_t − w*| ≤ tol |w_0 − w*| for all t from
        t₀ to steps, by the decoupled modes and by training; −1 where there is none
    predicted_peak, trained_peak : the largest |w_t − w*| / |w_0 − w*|
    difference : the largest |w − w of the modes|, over the larger of |w of the modes −
        w*| and tol |w_0 − w*|
    """

    steps: int
    predicted: int
    trained: int
    predicted_peak: float
    trained_peak: float
    difference: float


def verify_training(
    gradient: Apply,
    minimiser: npt.ArrayLike,
    hessian: npt.ArrayLike,
    eps: float,
    p: float,
    *,
    scale: float = 1e-4,
    tol: float = 1e-6,
    steps: int = 10_000,
    seed: int = 0,
) -> Training:
    """Train from near a minimum, and compare with the modes of the Hessian there.

    Δw_t = −ε∇E + pΔw_{t−1}  [Eq. 2], from w* and a random displacement that has no part
    in the zero modes, where the loss is flat.

    Parameters
    ----------
    gradient : w → ∇E(w), (n,)
    minimiser : (n,) w*
    hessian : (n, n) at w*
    eps, p : learning rate and momentum
    scale : size of the displacement over |w*|
    tol : relative distance at which training has settled
    steps : iterations at most
    seed : of the displacement

    Raises
    ------
    InputError
        A number is out of its range.
    """
    if not (np.isfinite(eps) and np.isfinite(p)):
        raise InputError(f"eps: {eps}, p: {p}; both have to be finite")
    if not (0.0 < scale < np.inf and 0.0 < tol < 1.0 and steps >= 1):
        raise InputError(f"scale: {scale}, tol: {tol}, steps: {steps}; out of range")
    at, matrix = np.asarray(minimiser, dtype=np.float64).ravel(), real(hessian)
    check_matrix(matrix)
    if at.size != len(matrix):
        raise InputError(f"minimiser: {at.size} values, {len(matrix)} rows of H")
    k, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T).astype(np.float64))
    zero = np.abs(k) <= Spectrum(k).zero_tolerance
    if zero.all():
        raise InputError("hessian: is zero, so that nothing moves")
    amplitudes = np.where(
        zero, 0.0, np.random.default_rng(seed).standard_normal(k.size)
    )
    size = scale * (float(np.linalg.norm(at)) or 1.0)
    amplitudes *= size / np.linalg.norm(amplitudes)
    displaced = iterate(lambda w: gradient(at + w), vectors @ amplitudes, eps, p)
    by = recurrences(METHODS["heavy_ball"], (eps, p), k)
    ensemble = Ensemble(k.size)
    worst, last, peaks, t = 0.0, np.array([-1, -1]), np.zeros(2), -1
    with np.errstate(all="ignore"):
        for w in displaced:
            t += 1
            ensemble.advance(by, 1 if t else 0)
            modes = vectors @ (amplitudes * ensemble.w)
            norms = np.linalg.norm([modes, w], axis=1) / size
            last[~(norms <= tol)] = t
            peaks = np.fmax(peaks, norms)
            if not norms.max() < _LOST:
                worst = np.inf
                break
            apart = float(np.linalg.norm(w - modes)) / size
            worst = max(worst, apart / max(float(norms[0]), tol))
            if t == steps or norms.max() <= 1e-2 * tol:
                break
    found = [int(one) + 1 if one < t else -1 for one in last]
    return Training(t, found[0], found[1], float(peaks[0]), float(peaks[1]), worst)
