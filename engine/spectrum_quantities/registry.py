"""The quantities of a whole spectrum, each a line here, and all of them by name."""

from __future__ import annotations

import re

from ..errors import InputError
from ..modes.powers import LONGEST
from ..quantities.quantity import MapQuantity
from ..quantities.registry import QUANTITIES
from .loss_settling_time import distance_settling_time, loss_settling_time
from .mode_sums import loss_after, noise_floor, stable_share, transient_peak
from .spectrum_quantity import SpectrumQuantity

_SPECTRUM_QUANTITIES = (
    loss_settling_time,
    distance_settling_time,
    loss_after,
    noise_floor,
    transient_peak,
    stable_share,
)
SPECTRUM_QUANTITIES: dict[str, SpectrumQuantity] = {
    one.name: one for one in _SPECTRUM_QUANTITIES
}
_COUNTED = re.compile(r"(\w+)[:_](\d{1,10})")


def quantity_of(name: str, of_spectrum: bool) -> MapQuantity:
    """Return the quantity of a name, of single modes or of a whole spectrum.

    Of a spectrum there are those whose worst mode lies at its ends, and all of
    `SPECTRUM_QUANTITIES`; some have a number of iterations behind the name, as in
    loss_after:100.

    Raises
    ------
    InputError
        There is none of this name.
    """
    asked = _COUNTED.fullmatch(name)
    counted = SPECTRUM_QUANTITIES.get(asked[1]) if asked else None
    if asked and counted and counted.counted and of_spectrum:
        return _after(counted, int(asked[2]))
    names = ", ".join(names_of(of_spectrum))
    listed = _known(of_spectrum)
    if name in listed and not listed[name].counted:
        return listed[name]
    if name in listed:
        raise InputError(
            f"{name} after how many iterations? write {name}:100", "quantity"
        )
    if name in QUANTITIES:
        raise InputError(
            f"{name} has no map for a whole spectrum; choose from {names}", "quantity"
        )
    if name in SPECTRUM_QUANTITIES or (counted and counted.counted):
        raise InputError(
            f"{name} is one of a whole spectrum, not of single curvatures; "
            f"choose from {names}",
            "quantity",
        )
    raise InputError(f"{name!r} is unknown; choose from {names}", "quantity")


def names_of(of_spectrum: bool) -> list[str]:
    """Return the names of quantities, of single curvatures or of a whole spectrum."""
    return [quantity.shown for quantity in _known(of_spectrum).values()]


def _known(of_spectrum: bool) -> dict[str, MapQuantity]:
    if not of_spectrum:
        return {**QUANTITIES}
    ends = {name: one for name, one in QUANTITIES.items() if one.worst}
    return {**ends, **SPECTRUM_QUANTITIES}


def _after(counted: SpectrumQuantity, steps: int) -> SpectrumQuantity:
    if steps > LONGEST:
        raise InputError(
            f"{counted.name}:{steps}; from 0 to {LONGEST} works", "quantity"
        )
    return counted.after(steps)
