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
from ..spectra.filtering import Negative, Zero
from ..spectra.operators import Hessian
from ..typing import Apply, Floats
from ..validation import finite, real, whole_number
from .comparison import compare
from .convergence import largest_radius
from .coupled_step import coupled_step, iterate
from .ensemble import recurrences
from .hessian_modes import filtered, kinds_of, modes_of, shifted


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
    zero_modes : number of zero modes in the start, which never move
    spectral_radius : the largest ρ of the other modes in the start
    """

    steps: int
    difference: float
    coupled: int
    decoupled: int
    modes: int
    zero_modes: int
    spectral_radius: float


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
    shift: float = 0.0,
    zero: Zero = "keep",
    negative: Negative = "keep",
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
    steps : largest number of iterations; fewer if both have settled, see `compare`
    seed : of the random start
    depth : largest dimension of the Krylov space
    shift : λ, added to H as λI, as by weight decay
    zero : "drop" for a start without a share in the zero modes, or "keep"
    negative : "drop" for a start without a share in the negative modes, "abs" for |H|
        in place of H, "error", or "keep"
    threads : number of threads, by default all; the bits do not depend on it
    **parameters : further parameters of the method

    Raises
    ------
    InputError
        The Hessian is not square, real, finite and symmetric, a parameter is missing or
        not finite, steps, tol or depth is out of range, a mode is negative with
        negative="error", or no mode is left in the start.
    """
    require_method(method)
    whole_number("steps", steps), whole_number("depth", depth)
    if not 0.0 < tol < 1.0:
        raise InputError(f"{tol} given; a number between 0 and 1 is needed", "tol")
    rates = None if eps is None or np.ndim(eps) == 0 else _rates(eps)
    arguments = {"eps": eps if rates is None else 1.0, "p": p, **parameters}
    values = tuple(float(_single(n, v)) for n, v in method.values(arguments).items())
    hessian = shifted(hessian, float(finite("shift", shift)))
    displacement = _start(start, hessian.n, seed)
    modes = modes_of(hessian, displacement, rates, depth)
    if (zero, negative) != ("keep", "keep"):
        hessian, modes = filtered(hessian, modes, rates, zero, negative)
        displacement = modes.rotation @ modes.amplitudes
    limit = tol * float(np.linalg.norm(displacement))
    result = compare(
        iterate(
            _scaled_apply(hessian, rates),
            displacement,
            coupled_step(method.method, values, threads),
        ),
        modes,
        recurrences(method.method, values, modes.k, threads=threads),
        limit,
        steps,
        enough=1e-3,
        threads=threads,
    )
    zeros = kinds_of(modes.k, hessian.n).zero
    counted = modes.amplitudes != 0.0
    return Verification(
        result.steps,
        result.difference,
        *result.settled,
        modes.k.size,
        int(np.count_nonzero(zeros & counted)),
        largest_radius(method.method, values, modes.k[counted & ~zeros]),
    )


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
