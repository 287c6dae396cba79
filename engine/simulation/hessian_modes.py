"""The modes of a Hessian with a start, and the treatment of zero and negative ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..callbacks import ignore
from ..errors import InputError
from ..spectra.eigenvalues import SPARSE_AS_DENSE, symmetric
from ..spectra.filtering import Negative, Zero
from ..spectra.lanczos import lanczos
from ..spectra.operators import DOUBLE_EPS, Hessian, as_hessian
from ..spectra.per_weight import scaled
from ..typing import Floats
from .comparison import Modes


class Kinds(NamedTuple):
    """Which modes are zero and which are negative, (m,) bool."""

    zero: Any
    negative: Any


def kinds_of(k: Floats, n: int) -> Kinds:
    """Return the kinds of eigenvalues of an (n, n) Hessian, as in `Spectrum`."""
    limit = n * DOUBLE_EPS * float(np.abs(k).max())
    return Kinds(np.abs(k) <= limit, k < -limit)


def shifted(argument: Any, shift: float) -> Hessian:
    """Return H + λI, with a dense matrix for n up to `SPARSE_AS_DENSE`.

    Raises
    ------
    InputError
        H is not square, real, finite and symmetric.
    """
    hessian = as_hessian(argument)
    n, matrix = hessian.n, hessian.matrix
    if matrix is None and n > SPARSE_AS_DENSE:
        return Hessian(n, lambda w: hessian.product(w) + shift * w)
    if matrix is None:
        # an operator is symmetric to the rounding of its products
        columns = np.array([hessian.product(unit) for unit in np.eye(n)])
        matrix = 0.5 * (columns + columns.T) + shift * np.eye(n)
        return Hessian(n, lambda w: hessian.product(w) + shift * w, matrix)
    matrix = symmetric(matrix.astype(np.float64), ignore)
    if hessian.is_sparse and n > SPARSE_AS_DENSE:
        rows = matrix.tocsr()
        return Hessian(n, lambda w: rows @ w + shift * w)
    matrix = matrix.toarray() if hessian.is_sparse else matrix
    matrix = matrix + shift * np.eye(n) if shift else matrix
    return Hessian(n, matrix.__matmul__, matrix)


def modes_of(
    hessian: Hessian, start: Floats, rates: Floats | None, depth: int
) -> Modes:
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


def filtered(
    hessian: Hessian,
    modes: Modes,
    rates: Floats | None,
    zero: Zero,
    negative: Negative,
) -> tuple[Hessian, Modes]:
    """Return a Hessian and its modes with zero and negative modes treated.

    Dropped modes have the amplitude 0. The other arguments are as for `verify`.

    Raises
    ------
    InputError
        A mode is negative with "error", no mode is left, or there is no matrix.
    """
    kinds = kinds_of(modes.k, hessian.n)
    count = int(kinds.negative.sum())
    if negative == "error" and count:
        raise InputError(
            f"{count} negative {'mode' if count == 1 else 'modes'}, the smallest k is "
            f"{modes.k[0]:.6g}; every method diverges there; drop, abs or keep",
            "negative",
        )
    dropped = (kinds.zero & (zero == "drop")) | (kinds.negative & (negative == "drop"))
    replaced = kinds.negative & (negative in ("drop", "abs"))
    if hessian.matrix is None and (dropped | replaced).any():
        raise InputError(
            f"needs a matrix of at most {SPARSE_AS_DENSE:,} weights",
            "negative" if replaced.any() else "zero",
        )
    amplitudes = np.where(dropped, 0.0, modes.amplitudes)
    if not amplitudes.any():
        raise InputError(
            "no mode of the start is left; keep zero or negative modes", "zero"
        )
    if not replaced.any():
        return hessian, replace(modes, amplitudes=amplitudes)
    # a dropped mode would grow from its rounding
    k = np.where(dropped & replaced, 0.0, np.abs(modes.k))
    # H = WKWᵀ with W = E⁻¹R, since EH = RKR⁻¹ for the rotation R
    rotation = modes.rotation if rates is None else modes.rotation / rates[:, None]
    matrix = rotation * k @ rotation.T
    matrix = 0.5 * (matrix + matrix.T)
    hessian = Hessian(hessian.n, matrix.__matmul__, matrix)
    return hessian, replace(modes, k=k, amplitudes=amplitudes)
