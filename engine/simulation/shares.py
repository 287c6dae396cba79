"""What each mode of a spectrum counts in loss and distance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..spectra.spectrum import Spectrum
from ..typing import Floats


class Shares(NamedTuple):
    """Curvatures, and what each mode counts in Σ coefficient · k · w².

    Attributes
    ----------
    k : (n,) curvatures, 0 for zero modes: what they lack to 0 is rounding
    coefficients : (n,) weight · displacement
    """

    k: Floats
    coefficients: Floats


def shares_of(spectrum: Spectrum) -> Shares:
    """Return the curvatures and shares of a spectrum, with k = 0 for zero modes."""
    k = np.where(np.abs(spectrum.k) <= spectrum.zero_tolerance, 0.0, spectrum.k)
    return Shares(k, np.asarray(spectrum.weights) * np.asarray(spectrum.displacement))
