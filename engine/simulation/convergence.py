"""Whether modes converge: the largest spectral radius of a set of modes."""

from __future__ import annotations

from collections.abc import Sequence

from ..backends.ufuncs import BoundMethod
from ..modes.methods import Method
from ..typing import Floats


def largest_radius(method: Method, parameters: Sequence[float], k: Floats) -> float:
    """Return the largest spectral radius over curvatures, 0 if there are none.

    Parameters
    ----------
    method : the method
    parameters : its parameters, in its order
    k : (n,) curvatures
    """
    radii = BoundMethod(method).spectral_radius(*parameters, k)
    return float(radii.max(initial=0.0))
