"""A learning rate and a momentum for each weight (Jacobs 1988)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..typing import Floats
from ..validation import real, whole_number
from .operators import as_hessian, check_matrix


def diagonal(hessian: Any, *, probes: int | None = None, seed: int = 0) -> Floats:
    """Return h_ii, the curvature along each weight.

    Of an operator by n products, or by fewer as the mean of v ∘ Hv over random signs v
    (Bekas, Kokiopoulou and Saad 2007).

    Parameters
    ----------
    hessian : (n, n) array, scipy.sparse matrix, or LinearOperator
    probes : products with an operator, in place of n
    seed : of the signs

    Returns
    -------
    (n,)

    Raises
    ------
    InputError
        The Hessian is none.
    """
    given = as_hessian(hessian)
    n = given.n
    if given.matrix is not None:
        return np.array(given.matrix.diagonal(), dtype=np.float64)
    if probes is None:
        unit, found = np.zeros(n), np.empty(n)
        for i in range(n):
            unit[i] = 1.0
            found[i] = given.product(unit)[i]
            unit[i] = 0.0
        return found
    whole_number("probes", probes)
    rng = np.random.default_rng(seed)
    signs = (rng.choice([-1.0, 1.0], n) for _ in range(probes))
    total: Floats = np.sum([v * given.product(v) for v in signs], axis=0)
    return total / probes


def scaled(hessian: Any, rates: npt.ArrayLike) -> Any:
    """Return E^½HE^½, whose modes are those of w with a learning rate for each weight.

    Δw = −EHw + pΔw is Δu = −E^½HE^½u + pΔu for w = E^½u, with one p. For ε_i = ε/h_ii,
    the diagonal approximation, rates are 1/h_ii and ε is left.

    Parameters
    ----------
    hessian : (n, n) array, scipy.sparse matrix, or LinearOperator
    rates : (n,) positive

    Returns
    -------
    of the same kind

    Raises
    ------
    InputError
        A rate is not positive and finite, or they are not n.
    """
    values = np.asarray(real(rates), dtype=np.float64).ravel()
    given = as_hessian(hessian)
    roots, matrix = _roots(values, given.n), given.matrix
    if given.is_sparse:
        return matrix.multiply(roots[:, None]).multiply(roots[None, :]).tocsr()
    if matrix is not None:
        return roots[:, None] * matrix * roots
    from scipy.sparse.linalg import LinearOperator

    def product(vector: Floats) -> Floats:
        return roots * given.product(roots * vector.ravel())

    return LinearOperator((given.n, given.n), matvec=product, dtype=np.float64)


def _roots(rates: Floats, n: int) -> Floats:
    if rates.size != n:
        raise InputError(f"{rates.size} for {n} weights", "rates")
    bad = np.flatnonzero(~((rates > 0.0) & (rates < np.inf)))
    if bad.size:
        raise InputError(
            f"rate of weight {bad[0]} is {rates[bad[0]]:.6g}; each has to be positive, "
            "and for 1/h_ii so has the diagonal"
        )
    return np.sqrt(rates)


def inverse_diagonal(hessian: Any) -> Floats:
    """Return 1/h_ii, the rates of the diagonal approximation for ε = 1.

    Raises
    ------
    InputError
        An h_ii is not positive.
    """
    found = diagonal(hessian)
    bad = np.flatnonzero(~(found > 0.0))
    if bad.size:
        raise InputError(
            f"h_ii of weight {bad[0]} is {found[bad[0]]:.6g}; rates ε/h_ii need a "
            "positive diagonal"
        )
    return 1.0 / found


def per_weight_radius(
    hessian: npt.ArrayLike, eps: npt.ArrayLike, p: npt.ArrayLike
) -> float:
    """Return ρ of the iteration with a learning rate and a momentum for each weight.

    w_{t+1} = (1 + P − EH) w_t − P w_{t−1} with diagonal E and P; the eigenvalues of its
    2n × 2n matrix are exact where no single H's are. With one p for all it is the
    heavy ball on the spectrum of E^½HE^½, see `scaled`.

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
            raise InputError(f"a finite number, or {n} of them, is needed", name)
    rates, momenta = (np.broadcast_to(values, (n,)) for values in given)
    top = np.diag(1.0 + momenta) - rates[:, None] * matrix
    whole = np.block([[top, -np.diag(momenta)], [np.eye(n), np.zeros((n, n))]])
    return float(np.abs(np.linalg.eigvals(whole)).max())
