"""Verification of the predictions of the modes by training a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..backends.ufuncs import heavy_ball
from ..callbacks import ignore
from ..display import Shown
from ..errors import InputError
from ..spectra.eigenvalues import symmetric
from ..spectra.operators import check_matrix
from ..spectra.spectrum import Spectrum
from ..typing import Apply
from ..validation import finite, real, whole_number
from .comparison import Modes, compare
from .convergence import largest_radius
from .coupled_step import coupled_step, iterate
from .ensemble import recurrences

# |w − w*| / |w_0 − w*| at which training counts as divergent
_LOST = 1e3


@dataclass(frozen=True, repr=False)
class Training(Shown):
    """Full-batch training with momentum, w, compared with v, the w of the modes.

    Attributes
    ----------
    steps : number of iterations
    predicted, trained : settling times of v and w: the smallest t₀ with
        |w_t − w*| ≤ tol |w_0 − w*| for all t from t₀ to steps; −1 if there is none
    predicted_peak, trained_peak : the largest |w_t − w*| / |w_0 − w*|
    difference : the largest |w − v| / max(|v − w*|, tol |w_0 − w*|); inf if training
        diverged
    spectral_radius : the largest ρ of the modes
    """

    steps: int
    predicted: int
    trained: int
    predicted_peak: float
    trained_peak: float
    difference: float
    spectral_radius: float


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
    """Return the comparison of training near a minimum with the modes of the Hessian.

    Δw_t = −ε∇E + pΔw_{t−1}  [Eq. 2], from w* and a random displacement orthogonal to
    the zero modes.

    Parameters
    ----------
    gradient : w → ∇E(w), (n,)
    minimiser : (n,) w*
    hessian : (n, n) at w*
    eps, p : learning rate and momentum
    scale : |w_0 − w*| / |w*|, > 0
    tol : tolerance relative to |w_0 − w*|, in (0, 1)
    steps : largest number of iterations
    seed : of the random displacement

    Raises
    ------
    InputError
        A number is out of range, or the Hessian is not as above or zero.
    """
    finite("eps", eps), finite("p", p), whole_number("steps", steps)
    if not 0.0 < scale < np.inf:
        raise InputError(f"{scale} given; a positive, finite number is needed", "scale")
    if not 0.0 < tol < 1.0:
        raise InputError(f"{tol} given; a number between 0 and 1 is needed", "tol")
    centre = np.asarray(minimiser, dtype=np.float64).ravel()
    size = scale * (float(np.linalg.norm(centre)) or 1.0)
    modes = _displaced_modes(hessian, centre.size, size, seed)
    coupled = iterate(
        lambda w: gradient(centre + w),
        modes.rotation @ modes.amplitudes,
        coupled_step(heavy_ball.method, (eps, p)),
    )
    decoupled = recurrences(heavy_ball.method, (eps, p), modes.k)
    result = compare(
        coupled, modes, decoupled, tol * size, steps, enough=1e-2, most=_LOST * size
    )
    trained, predicted = result.settled
    trained_peak, predicted_peak = (peak / size for peak in result.peaks)
    difference = np.inf if result.left else result.difference
    moving = modes.k[modes.amplitudes != 0.0]
    return Training(
        result.steps,
        predicted,
        trained,
        predicted_peak,
        trained_peak,
        difference,
        largest_radius(heavy_ball.method, (eps, p), moving),
    )


def _displaced_modes(hessian: npt.ArrayLike, n: int, size: float, seed: int) -> Modes:
    """Return the modes of a Hessian with a random displacement of length `size`.

    The displacement is orthogonal to the zero modes.
    """
    matrix = real(hessian)
    check_matrix(matrix)
    if n != len(matrix):
        raise InputError(f"{n} values for {len(matrix)} rows of H", "minimiser")
    k, vectors = np.linalg.eigh(symmetric(matrix.astype(np.float64), ignore))
    zero = np.abs(k) <= Spectrum(k).zero_tolerance
    if zero.all():
        raise InputError("is zero; a Hessian with positive modes is needed", "hessian")
    # random in w, since the signs of eigenvectors depend on the LAPACK library
    random = np.random.default_rng(seed).standard_normal(k.size)
    amplitudes = np.where(zero, 0.0, vectors.T @ random)
    amplitudes *= size / np.linalg.norm(amplitudes)
    return Modes(k, amplitudes, vectors)
