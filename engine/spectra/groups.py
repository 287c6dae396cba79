"""Groups of eigenvalues: those that are equal to rounding, and numbers of modes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..typing import Floats

if TYPE_CHECKING:
    from .spectrum import Spectrum

# largest error, relative to max|k|, of eigenvalues that can be told to be equal
_KNOWN = 1e-9


def count_text(number: float, is_estimated: bool) -> str:
    """Return a number of modes as text, rounded and with «about» if it is estimated."""
    if not is_estimated:
        return f"{number:.10g}"
    if 0.0 < number < 0.5:
        return "fewer than 1"
    return f"about {number:.0f}" if number else "0"


def counted_by_sign(spectrum: Spectrum) -> dict[str, Any]:
    """Return name → ends of the spectrum, and numbers of modes between and outside."""
    k, weights = spectrum.k, np.asarray(spectrum.weights)
    limit, kmax = spectrum.zero_tolerance, float(k[-1])
    kmin = next(iter(k[k > limit].tolist()), None)
    return {
        "kmin": kmin,
        "kmax": kmax,
        "condition": kmax / kmin if kmin else None,
        "zero_modes": float(weights[np.abs(k) <= limit].sum()),
        "negative_modes": float(weights[k < -limit].sum()),
        "least": float(k[0]),
        "above_tenth": float(weights[k > 0.1 * kmax].sum()),
    }


def starts_of_groups(spectrum: Spectrum) -> npt.NDArray[np.intp]:
    """Return where the groups of eigenvalues begin; see `Spectrum.distinct`."""
    k = spectrum.k
    reach = k + _widths(spectrum)
    if spectrum.is_estimated:
        return np.flatnonzero(np.diff(k, prepend=-np.inf) > 0.0)
    starts = [0]
    while starts[-1] < k.size:
        starts.append(int(np.searchsorted(k, reach[starts[-1]], side="right")))
    return np.array(starts[:-1])


def multiplicities(spectrum: Spectrum) -> list[tuple[float, int]]:
    """Return (k, multiplicity); see `Spectrum.multiplicities`."""
    known = np.all(_widths(spectrum) <= _KNOWN * np.abs(spectrum.k).max())
    if spectrum.is_estimated or not known:
        return []
    starts = starts_of_groups(spectrum)
    counts = np.add.reduceat(np.asarray(spectrum.weights), starts)
    pairs = zip(spectrum.k[starts].tolist(), counts.tolist(), strict=True)
    repeated = [(k, int(count)) for k, count in pairs if count > 1]
    return sorted(repeated, key=lambda pair: -pair[1])


def _widths(spectrum: Spectrum) -> Floats:
    """Return what a group that begins at each k spans at most: its rounding error."""
    rounding, tolerance = spectrum.rounding, spectrum.tolerance
    least = rounding if tolerance is None else min(rounding, tolerance)
    return np.maximum(spectrum.known["residuals"], least)
