"""Zero and negative modes of a spectrum: dropped, kept, turned, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from ..errors import Advice, InputError
from ..typing import Floats
from .groups import count_text

if TYPE_CHECKING:
    from .spectrum import Spectrum

Zero = Literal["drop", "keep"]
Negative = Literal["error", "drop", "abs", "keep"]
_NEGATIVE = Advice(
    *("negative", "drop", "leaves them out; abs and keep are choices too"),
    python="Spectrum.filtered(negative='drop')",
)


def filtered(
    spectrum: Spectrum,
    zero: Zero,
    negative: Negative,
    shift: float,
    tolerance: float | None,
) -> dict[str, Any]:
    """Return the fields that `Spectrum.filtered` changes, by name."""
    k = spectrum.k + shift
    limit = spectrum.zero_tolerance if tolerance is None else tolerance
    zeros, negatives = np.abs(k) <= limit, k < -limit
    if negative == "error" and negatives.any():
        raise _some_negative(spectrum, float(k[0]), negatives)
    keep = ~(zeros & (zero == "drop")) & ~(negatives & (negative == "drop"))
    if not keep.any():
        name = spectrum.name or "unnamed"
        raise InputError(f"{name}: {_none_positive(k, limit)}")
    turned = negatives & (negative == "abs")
    dropped = float(np.asarray(spectrum.weights)[negatives & ~keep].sum())
    known = {**spectrum.known, "k": np.where(turned, -k, k)}
    if turned.any():
        known["residuals"] = _with_both_sides(turned, zeros, **known)
    order = np.flatnonzero(keep)
    order = order[np.argsort(known["k"][order], kind="stable")]
    # n and kmax change, the rounding error of the eigenvalues does not
    return {
        **{name: values[order] for name, values in known.items()},
        "tolerance": limit,
        "negatives_dropped": spectrum.negatives_dropped + dropped,
    }


def _some_negative(
    spectrum: Spectrum, least: float, negatives: npt.NDArray[np.bool_]
) -> InputError:
    number = float(np.asarray(spectrum.weights)[negatives].sum())
    count = count_text(number, spectrum.is_estimated)
    modes, along = ("mode", "it") if count == "1" else ("modes", "them")
    return InputError(
        f"{spectrum.name or 'unnamed'}: {count} negative {modes}, the smallest k is "
        f"{least:.6g}; every method diverges along {along}",
        advice=_NEGATIVE,
    )


def _none_positive(k: Floats, limit: float) -> str:
    if np.all(np.abs(k) <= limit):
        return f"all modes are zero, |k| ≤ {limit:.6g}; none is positive"
    return "no mode is positive"


def _with_both_sides(
    turned: npt.NDArray[np.bool_],
    zeros: npt.NDArray[np.bool_],
    k: Floats,
    residuals: Floats,
    **_others: Floats,
) -> Floats:
    """Return the residuals with negative modes turned to positive.

    That of the smallest k has to reach as far down as those of both sides.
    """
    sides = [np.flatnonzero(side) for side in (turned, ~turned & ~zeros)]
    ends = [side[np.argmin(k[side])] for side in sides if side.size]
    smallest = min(ends, key=lambda end: float(k[end]))
    reach = max(0.0, float(min(k[end] - residuals[end] for end in ends)))
    residuals = residuals.copy()
    residuals[smallest] = max(residuals[smallest], k[smallest] - reach)
    return residuals
