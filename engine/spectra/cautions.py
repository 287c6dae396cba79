"""What to know before a best point is taken from a spectrum."""

from __future__ import annotations

import warnings

from ..errors import SpectrumWarning
from .multiplicities import count_text
from .spectrum import Spectrum


def cautions(spectrum: Spectrum) -> list[str]:
    """Return a line for each reason not to trust a best (ε, p) of a spectrum.

    kmin or kmax has not converged, negative modes were left out, or all are zero.
    """
    summary, lines = spectrum.summary(), []
    if summary["kmin"] is None:
        return ["no mode is positive; there is no best point"]
    if not spectrum.kmin_converged:
        lines.append(
            f"kmin {summary['kmin']:.6g} has not converged; the true value and the "
            "rates may be far smaller"
        )
    if not spectrum.kmax_converged:
        lines.append(
            f"kmax {summary['kmax']:.6g} has not converged; the true value may be "
            "larger, and a best point diverge"
        )
    dropped = spectrum.negatives_dropped
    if dropped:
        count = count_text(dropped, dropped != round(dropped))
        lines.append(
            f"negative modes left out: {count}; every method diverges along these, and "
            "a best point holds near a minimum only"
        )
    return lines


def warn_of(spectrum: Spectrum, stacklevel: int = 3) -> None:
    """Issue a `SpectrumWarning` for each caution."""
    name = spectrum.name or "unnamed"
    for line in cautions(spectrum):
        warnings.warn(f"{name}: {line}", SpectrumWarning, stacklevel=stacklevel)
