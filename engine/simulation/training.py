"""Real training beside what the modes predict of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..backends.ufuncs import heavy_ball
from ..errors import InputError
from ..spectra.operators import check_matrix
from ..spectra.spectrum import Spectrum
from ..typing import Apply
from ..validation import finite, real, whole_number
from .comparison import Modes, compare
from .coupled_step import coupled_step, iterate
from .ensemble import recurrences

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
    finite("eps", eps), finite("p", p), whole_number("steps", steps)
    if not 0.0 < scale < np.inf:
        raise InputError(f"{scale} given, positive and finite is needed", "scale")
    if not 0.0 < tol < 1.0:
        raise InputError(f"{tol} given, between 0 and 1 works", "tol")
    at, matrix = np.asarray(minimiser, dtype=np.float64).ravel(), real(hessian)
    check_matrix(matrix)
    if at.size != len(matrix):
        raise InputError(f"{at.size} values, {len(matrix)} rows of H", "minimiser")
    k, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T).astype(np.float64))
    zero = np.abs(k) <= Spectrum(k).zero_tolerance
    if zero.all():
        raise InputError("is zero, so that nothing moves", "hessian")
    # drawn for the weights: the signs of eigenvectors differ from library to library
    drawn = np.random.default_rng(seed).standard_normal(k.size)
    amplitudes = np.where(zero, 0.0, vectors.T @ drawn)
    size = scale * (float(np.linalg.norm(at)) or 1.0)
    amplitudes *= size / np.linalg.norm(amplitudes)
    modes, limit = Modes(k, amplitudes, vectors), tol * size
    step = coupled_step(heavy_ball.method, (eps, p))
    displaced = iterate(lambda w: gradient(at + w), vectors @ amplitudes, step)
    decoupled = recurrences(heavy_ball.method, (eps, p), k)
    found = compare(
        displaced, modes, decoupled, limit, steps, enough=1e-2, most=_LOST * size
    )
    trained, predicted = found.settled
    peak, peak_of_modes = (highest / size for highest in found.peaks)
    difference = np.inf if found.left else found.difference
    return Training(found.steps, predicted, trained, peak_of_modes, peak, difference)
