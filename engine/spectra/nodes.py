"""Eigenvalues, or nodes of a quadrature, with weights."""

from typing import NamedTuple

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
