"""Eigenvalues, or nodes of a quadrature, with weights."""

from typing import NamedTuple

import numpy as np

from ..typing import Floats


class Nodes(NamedTuple):
    """Eigenvalues, or nodes of a quadrature over many eigenvalues.

    Attributes
    ----------
    k : (n,) increasing
    weights : (n,) multiplicities or quadrature weights, 1 if None
    displacement : (n,) squared initial displacement in each mode, 1 if None
    residuals : (n,) an eigenvalue is within this distance of each k, 0 if None
    tolerance : |k| up to which a mode is zero; None for the rounding error
    """

    k: Floats
    weights: Floats | None = None
    displacement: Floats | None = None
    residuals: Floats | None = None
    tolerance: float | None = None

    def times_power_of_two(self, exponent: int) -> "Nodes":
        """Return the nodes of the matrix that is 2^exponent times as large."""
        if not exponent:
            return self
        tolerance = self.tolerance
        if tolerance is not None:
            tolerance = float(np.ldexp(tolerance, exponent))
        return self._replace(
            k=np.ldexp(self.k, exponent),
            residuals=np.ldexp(np.asarray(self.residuals), exponent),
            tolerance=tolerance,
        )

    def with_zeros(self, count: int) -> "Nodes":
        """Return the nodes with so many exact zero modes more, of displacement 1."""
        place = int(np.searchsorted(self.k, 0.0))
        ones = np.ones_like(self.k)
        values = (self.k, self.weights, self.displacement, self.residuals)
        defaults = (self.k, ones, ones, 0.0 * ones)
        k, weights, displacement, residuals = (
            np.insert(default if value is None else value, place, added)
            for value, default, added in zip(
                values, defaults, (0.0, float(count), 1.0, 0.0), strict=True
            )
        )
        return Nodes(k, weights, displacement, residuals, self.tolerance)


def rounding(n: int, k: Floats, eps: float) -> float:
    """Return a bound of the rounding error of eigenvalues, max(n, 8)·eps·max|k|."""
    return max(n, 8) * eps * float(np.abs(k).max())
