"""What is found of a spectrum: eigenvalues, or nodes of a quadrature, with weights."""

from typing import NamedTuple

from ..typing import Floats


class Nodes(NamedTuple):
    """Eigenvalues, or nodes of a quadrature that stand for many.

    Attributes
    ----------
    k : (n,) increasing
    weights : (n,) multiplicities or quadrature weights, 1 if None
    displacement : (n,) squared initial displacement in each mode, 1 if None
    residuals : (n,) an eigenvalue lies within so much of each k, 0 if None
    tolerance : |k| up to which a mode is zero, by rounding if None
    """

    k: Floats
    weights: Floats | None = None
    displacement: Floats | None = None
    residuals: Floats | None = None
    tolerance: float | None = None
