"""What a quantity of a whole spectrum is: one number per (ε, p), from all its modes.

To add one, write a decorated function in a file here, and a line in `registry`. The
function is a template: `backends.compile` binds `_at`, which gives the recurrence of a
mode, and the other names of `point_templates` to a method. It is given the slower
parameters and the fastest one, the modes (k, a coefficient, and what that lacks to its
exact value), their clusters, the argument and a workspace.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from ..quantities.quantity import MapQuantity


@dataclass(frozen=True, eq=False, kw_only=True)
class SpectrumQuantity(MapQuantity):
    """A quantity of a whole spectrum.

    Attributes
    ----------
    template : the function, with names to be bound to a method
    shares : what each mode counts: its weight, that times k, the weight times the
        displacement, or all three
    argument : what it is asked with: the level of its sum, tol or tol², or a number
    memory : doubles that it needs for each mode
    """

    template: Callable[..., Any]
    coefficients: Literal["weight", "slope", "distance", "loss"] = "loss"
    argument: Literal["tol", "tol²"] | float = 0.0
    memory: int = 0
    over_all_modes: ClassVar[bool] = True

    def after(self, steps: int) -> SpectrumQuantity:
        """Return the quantity after a number of iterations."""
        return dataclasses.replace(
            self,
            name=f"{self.name}_{steps}",
            long_name=self.counted.format(steps),
            argument=float(steps),
            counted="",
        )


def spectrum_quantity(
    **known: Any,
) -> Callable[[Callable[..., Any]], SpectrumQuantity]:
    """Return a decorator that makes a quantity of a template."""

    def make(template: Callable[..., Any]) -> SpectrumQuantity:
        return SpectrumQuantity(name=template.__name__, template=template, **known)

    return make
