"""Products with a Hessian: scaled, checked and counted."""

from __future__ import annotations

import math

import numpy as np

from ..callbacks import ignore
from ..errors import InputError
from ..typing import Floats, Progress
from .operators import Hessian, checked_product

# allowed |uᵀHv − vᵀHu|, relative to |Hu||v|
_SYMMETRIC = 1e-6
# norms between 2^±_PLAIN are not scaled; their squares are doubles
_PLAIN = 256


class Products:
    """The function v → Hv/2^exponent of a symmetric Hessian.

    Half of the scaling is applied to v and half to the product, so that neither is out
    of the range of doubles.

    Parameters
    ----------
    hessian : symmetric
    total : expected number of products, for the progress
    progress : called with the number of products done and expected

    Attributes
    ----------
    exponent : the largest element of H/2^exponent is about 1; 0 where that of H is
        between 2^±256
    is_zero : whether products with two random vectors are 0

    Raises
    ------
    InputError
        The Hessian is not symmetric, or a product is not finite.
    """

    def __init__(
        self, hessian: Hessian, total: int = 0, progress: Progress = ignore
    ) -> None:
        self._hessian, self._progress = hessian, progress
        self._total, self._count = total, 0
        self.exponent, self.is_zero = 0, False
        u, v = np.random.default_rng(0).standard_normal((2, hessian.n))
        with np.errstate(under="ignore"):
            products = self(u), self(v)
        largest = float(np.abs(products).max())
        self.is_zero = largest == 0.0
        exponent = math.frexp(largest)[1]
        self.exponent = exponent if abs(exponent) > _PLAIN else 0
        _check_symmetry(u, v, *(np.ldexp(one, -exponent) for one in products))

    def __call__(self, vector: Floats) -> Floats:
        """Return Hv/2^exponent, (n,).

        Raises
        ------
        InputError
            The product is not finite, or has another length.
        """
        before = self.exponent // 2
        scaled = np.ldexp(vector, -before) if self.exponent else vector
        product = self._hessian.product(scaled)
        product = checked_product(product, vector.size, self._count)
        self._count += 1
        self._progress(min(self._count, self._total), self._total)
        return np.ldexp(product, before - self.exponent) if self.exponent else product

    def finish(self) -> None:
        """Report that no more products are needed."""
        self._progress(self._total, self._total)

    def matrix(self) -> Floats:
        """Return (H + Hᵀ)/2, (n, n), by n products; it is not scaled."""
        n = self._hessian.n
        rows, unit = np.empty((n, n)), np.zeros(n)
        exponent, self.exponent = self.exponent, 0
        for i in range(n):
            unit[i] = 1.0
            rows[i] = self(unit)
            unit[i] = 0.0
        self.exponent = exponent
        return rows / 2 + rows.T / 2


def _check_symmetry(u: Floats, v: Floats, along_u: Floats, along_v: Floats) -> None:
    """Raise InputError if uᵀHv ≠ vᵀHu beyond rounding."""
    size = np.linalg.norm(along_u) * np.linalg.norm(v)
    defect = abs(u @ along_v - v @ along_u) / size if size else 0.0
    if defect > _SYMMETRIC:
        raise InputError(
            f"not symmetric: uᵀHv and vᵀHu differ by {defect:.3g} of |Hu||v|, "
            f"up to {_SYMMETRIC:g} is allowed"
        )
