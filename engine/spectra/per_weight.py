"""A learning rate and a momentum for each weight (Jacobs 1988)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arithmetic.decimals import decimals
from ..errors import InputError
from ..typing import Floats
from ..validation import real, whole_number
from .operators import as_hessian, check_matrix


def diagonal(hessian: Any, *, probes: int | None = None, seed: int = 0) -> Floats:
    """Return the diagonal h_ii of a Hessian.

    For an operator it takes n products, or `probes` products for the estimate mean of
    v ∘ Hv over random signs v (Bekas, Kokiopoulou and Saad 2007).

    Parameters
    ----------
    hessian : (n, n) array, scipy.sparse matrix, or LinearOperator
    probes : ≥ 1, number of products for the estimate; None for the exact diagonal
    seed : of the random signs

    Returns
    -------
    (n,)

    Raises
    ------
    InputError
        The Hessian is not square, real and finite.
    """
    operator = as_hessian(hessian)
    n = operator.n
    if operator.matrix is not None:
        return np.array(operator.matrix.diagonal(), dtype=np.float64)
    if probes is None:
        unit, entries = np.zeros(n), np.empty(n)
        for i in range(n):
            unit[i] = 1.0
            entries[i] = operator.product(unit)[i]
            unit[i] = 0.0
        return entries
    whole_number("probes", probes)
    rng = np.random.default_rng(seed)
    signs = (rng.choice([-1.0, 1.0], n) for _ in range(probes))
    total: Floats = np.sum([v * operator.product(v) for v in signs], axis=0)
    return total / probes


def scaled(hessian: Any, rates: npt.ArrayLike) -> Any:
    """Return E^½HE^½, E = diag(rates): the Hessian in the variables u = E^−½w.

    With a learning rate for each weight, Δw_t = −EHw_t + pΔw_{t−1} becomes
    Δu_t = −E^½HE^½u_t + pΔu_{t−1}, with the same p for all weights. For ε_i = ε/h_ii,
    the diagonal approximation, rates are 1/h_ii and the learning rate is ε.

    Parameters
    ----------
    hessian : (n, n) array, scipy.sparse matrix, or LinearOperator
    rates : (n,) positive

    Returns
    -------
    matrix or operator of the same kind as `hessian`

    Raises
    ------
    InputError
        A rate is not positive and finite, or the number of rates is not n.
    """
    values = np.asarray(real(rates), dtype=np.float64).ravel()
    operator = as_hessian(hessian)
    roots, matrix = _roots(values, operator.n), operator.matrix
    if operator.is_sparse:
        return matrix.multiply(roots[:, None]).multiply(roots[None, :]).tocsr()
    if matrix is not None:
        return roots[:, None] * matrix * roots
    from scipy.sparse.linalg import LinearOperator

    def product(vector: Floats) -> Floats:
        return roots * operator.product(roots * vector.ravel())

    return LinearOperator((operator.n, operator.n), matvec=product, dtype=np.float64)


def _roots(rates: Floats, n: int) -> Floats:
    if rates.size != n:
        raise InputError(f"{rates.size} values for {n} weights", "rates")
    bad = np.flatnonzero(~((rates > 0.0) & (rates < np.inf)))
    if bad.size:
        raise InputError(
            f"rate of weight {bad[0]} is {rates[bad[0]]:.6g}; rates must be positive "
            "and finite, hence for rates 1/h_ii the diagonal too"
        )
    return np.sqrt(rates)


def inverse_diagonal(hessian: Any) -> Floats:
    """Return 1/h_ii, (n,), the rates of the diagonal approximation for ε = 1.

    Raises
    ------
    InputError
        An h_ii is not positive.
    """
    entries = diagonal(hessian)
    bad = np.flatnonzero(~(entries > 0.0))
    if bad.size:
        raise InputError(
            f"h_ii of weight {bad[0]} is {entries[bad[0]]:.6g}; rates ε/h_ii need a "
            "positive diagonal"
        )
    return 1.0 / entries


def per_weight_radius(
    hessian: npt.ArrayLike, eps: npt.ArrayLike, p: npt.ArrayLike
) -> float:
    """Return ρ of the iteration with a learning rate and a momentum for each weight.

    w_{t+1} = (1 + P − EH) w_t − P w_{t−1} with diagonal E and P. ρ is the largest
    modulus of the eigenvalues of the 2n × 2n matrix of this step: for different momenta
    the modes do not decouple. With the same p for all weights it is the heavy ball on
    the spectrum of E^½HE^½, see `scaled`: ρ is that of its eigenvalues to 1 ulp. Else,
    where the two largest eigenvalues of the matrix are about equal, half of the digits
    are lost: ρ is known to about 1e−8.

    Parameters
    ----------
    hessian : (n, n) symmetric
    eps, p : (n,) learning rates and momenta, or a number for all weights

    Raises
    ------
    InputError
        The Hessian is not square, real and finite, or eps or p is not as above.
    """
    matrix = real(hessian)
    check_matrix(matrix)
    n = len(matrix)
    arguments = [np.asarray(values, dtype=np.float64) for values in (eps, p)]
    for name, values in zip(("eps", "p"), arguments, strict=True):
        if values.shape not in ((), (n,)) or not np.isfinite(values).all():
            raise InputError(f"a finite number, or {n} of them, is needed", name)
    rates, momenta = (np.broadcast_to(values, (n,)) for values in arguments)
    if (momenta == momenta[0]).all() and (rates > 0.0).all() and _is_symmetric(matrix):
        return _radius_of_one_momentum(matrix, rates, float(momenta[0]))
    top = np.diag(1.0 + momenta) - rates[:, None] * matrix
    step = np.block([[top, -np.diag(momenta)], [np.eye(n), np.zeros((n, n))]])
    return float(np.abs(np.linalg.eigvals(step)).max())


def _is_symmetric(matrix: Floats) -> bool:
    return bool((matrix == matrix.T).all())


def _radius_of_one_momentum(matrix: Any, rates: Floats, p: float) -> float:
    """Return the larger ρ of the ends of the spectrum, each from exact T and D.

    ρ is a non-decreasing function of |1 + p − k|, hence largest at an end.
    """
    one_rate = (rates == rates[0]).all()
    eps = float(rates[0]) if one_rate else 1.0
    ends = np.linalg.eigvalsh(matrix if one_rate else scaled(matrix, rates))[[0, -1]]
    with decimals():
        determinant = Decimal(p)
        traces = (1 + determinant - Decimal(eps) * Decimal(k) for k in ends.tolist())
        return max(float(_modulus(abs(trace), determinant)) for trace in traces)


def _modulus(trace: Decimal, determinant: Decimal) -> Decimal:
    """Return the larger modulus of the roots of λ² − Tλ + D, T ≥ 0."""
    discriminant = trace * trace - 4 * determinant
    if discriminant < 0:
        return determinant.sqrt()
    return (trace + discriminant.sqrt()) / 2
