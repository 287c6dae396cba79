"""A spectrum: the curvatures of a whole Hessian, with weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .errors import InputError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Eigenvalues of a Hessian.

    Parameters
    ----------
    k : (n,) float64, finite, increasing
        Curvatures; they may repeat.
    weights : (n,) float64, positive, default 1
        Multiplicities, or weights of a quadrature.
    displacement : (n,) float64, not negative, default 1
        Squared initial displacement in each mode.
    name : where it comes from, for people

    Raises
    ------
    InputError
        An array is empty, not finite, not sorted or of the wrong shape or sign.
    """

    k: Floats
    weights: Floats | None = None
    displacement: Floats | None = None
    name: str = ""

    def __post_init__(self) -> None:
        """Check and freeze the values."""
        k = _vector("k", self.k)
        if np.any(np.diff(k) < 0):
            raise InputError("k: the curvatures must not decrease; sort them first")
        object.__setattr__(self, "k", k)
        for name, least in (("weights", np.nextafter(0, 1)), ("displacement", 0.0)):
            given = getattr(self, name)
            values = np.ones_like(k) if given is None else _vector(name, given)
            if values.shape != k.shape:
                raise InputError(f"{name}: {values.size} values for {k.size} of k")
            if values.min() < least:
                raise InputError(f"{name}: {values.min():.17g} is too small")
            object.__setattr__(self, name, values)

    def __len__(self) -> int:
        """Return the number of different entries."""
        return self.k.size

    @property
    def arrays(self) -> dict[str, Floats]:
        """Return k, weights and displacement by name."""
        return {name: getattr(self, name) for name in ("k", "weights", "displacement")}

    @cached_property
    def zero_tolerance(self) -> float:
        """Return n·2⁻⁵²·max|k|, below which rounding cannot tell a k from zero."""
        return len(self) * float(np.finfo(np.float64).eps) * float(np.abs(self.k).max())

    @cached_property
    def zeros(self) -> int:
        """Return how many entries are zero to rounding."""
        return int(np.count_nonzero(np.abs(self.k) <= self.zero_tolerance))

    @cached_property
    def negatives(self) -> int:
        """Return how many entries are negative beyond rounding."""
        return int(np.count_nonzero(self.k < -self.zero_tolerance))

    @cached_property
    def positive(self) -> Spectrum:
        """Return the spectrum without its zero modes.

        Raises
        ------
        InputError
            A mode is negative beyond rounding, or none is left.
        """
        if self.negatives:
            raise InputError(
                f"{self.name or 'unnamed'}: {self.negatives} negative modes, the least "
                f"{self.k[0]:.6g}; every method diverges along them"
            )
        keep = self.k > self.zero_tolerance
        if not keep.any():
            raise InputError(f"{self.name or 'unnamed'}: no mode is positive")
        k, weights, displacement = (array[keep] for array in self.arrays.values())
        return Spectrum(k, weights, displacement, self.name)


def _vector(name: str, values: Floats) -> Floats:
    array = np.array(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise InputError(f"{name}: shape {array.shape}, expected at least 1 value")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise InputError(f"{name}: value {bad[0]} is {array[bad[0]]}, not finite")
    array.flags.writeable = False
    return array
