"""Methods as people call them: `heavy_ball.rate(eps, p, k)`, `qhm(nu=0.7).rate(…)`."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arithmetic.double_double import root, scaled
from ..arithmetic.exact_sums import exact_linear_combination
from ..arithmetic.jit import jit
from ..errors import InputError
from ..modes.methods import METHODS, VARIABLES, Method
from ..modes.stability import precise_discriminant
from ..quantities.registry import QUANTITIES
from ..typing import Floats
from ..validation import finite
from .compile import ufunc
from .evaluate import evaluate


class BoundMethod:
    """A method whose quantities are ufuncs by Numba: they broadcast and take `out=`.

    Each is called as (*parameters, k), `settling_time` as (*parameters, k, tol), with
    the parameters that are not bound yet in the order of `parameters`.

    Parameters
    ----------
    method : the method
    **bound : values of its leading parameters
    """

    def __init__(self, method: Method, **bound: float) -> None:
        self.method = method
        self.bound = bound
        self.parameters = method.parameters[len(bound) :]
        if tuple(bound) != method.parameters[: len(bound)]:
            free = ", ".join(method.parameters)
            given = ", ".join(bound)
            raise InputError(
                f"{given}: {method.name} takes {free}, bound in this order"
            )

    def __call__(self, **bound: float) -> BoundMethod:
        """Return the method with leading parameters bound, as in `qhm(nu=0.7)`."""
        return BoundMethod(self.method, **self.bound, **bound)

    def __repr__(self) -> str:
        """Name the method and what is bound."""
        given = ", ".join(f"{name}={value}" for name, value in self.bound.items())
        return f"<{self.method.name}({given}): {', '.join(self.parameters)}, k>"

    def __dir__(self) -> list[str]:
        """List the quantities too."""
        return [*super().__dir__(), *QUANTITIES]

    def __getattr__(self, name: str) -> Any:
        """Return the ufunc of a quantity; it is compiled when first asked for."""
        if name.startswith("_"):  # copying asks for such, before there is a method
            raise AttributeError(name)
        if name not in QUANTITIES:
            known = ", ".join(QUANTITIES)
            raise AttributeError(f"{self.method.name} has no {name!r}; it has {known}")
        function = ufunc(self.method, QUANTITIES[name])
        if not self.bound:
            return function
        bound = functools.partial(function, *self.bound.values())
        bound.__doc__ = (
            f"{self!r}: the first arguments are bound.\n\n{function.__doc__}"
        )
        return bound

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the method's name."""
        return _restored, (self.method.name, self.bound)

    def values(self, given: Mapping[str, npt.ArrayLike | None]) -> dict[str, Floats]:
        """Return the value of each parameter: as bound, as given, or by default.

        Parameters
        ----------
        given : name → finite real numbers; None where none was given

        Raises
        ------
        InputError
            A value is missing, not finite, given though it is bound, or one of a
            parameter that the method does not have.
        """
        name, known = self.method.name, self.method.parameters
        values: dict[str, npt.ArrayLike] = dict(self.bound)
        for parameter, value in given.items():
            if value is None:
                continue
            if parameter in self.bound:
                raise InputError(f"is bound already in {self!r}", parameter)
            if parameter in known:
                values[parameter] = value
            elif not _is_default(parameter, value):
                raise InputError(
                    f"{name} has no such parameter; it has {', '.join(known)}",
                    parameter,
                )
        for parameter in known:
            default = VARIABLES[parameter].default
            if values.get(parameter, default) is None:
                raise InputError(f"{name} needs a value", parameter)
            values.setdefault(parameter, default or 0.0)
        return {parameter: finite(parameter, values[parameter]) for parameter in known}

    def eigenvalues(self, *arguments: npt.ArrayLike) -> npt.NDArray[np.complex128]:
        """Return λ = (T ± √(T² − 4D))/2 for (*parameters, k)  [Eq. 31].

        Parameters
        ----------
        *arguments : the free parameters and k, which broadcast

        Returns
        -------
        (…, 2) complex128, the one of larger modulus (or positive imaginary part) first
        """
        if len(arguments) != len(self.parameters) + 1:
            free = ", ".join(self.parameters)
            raise InputError(f"{len(arguments)} arguments given, {free} and k expected")
        values = (*self.bound.values(), *arguments)
        arrays = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in values))
        *parameters, k = (array.flatten() for array in arrays)
        out = np.empty((k.size, 2), dtype=np.complex128)
        evaluate(self.method, _eigenvalues, parameters, k, out)
        return out.reshape(*arrays[0].shape, 2)


@jit
def _eigenvalues(r, _):
    """Return λ = (T ± √(T² − 4D))/2, the larger one without cancellation  [Eq. 31]."""
    trace = exact_linear_combination(0.0, 1.0, r.trace, 0.0, r.determinant)
    determinant = exact_linear_combination(0.0, 0.0, r.trace, 1.0, r.determinant)
    disc = precise_discriminant(trace, determinant)
    sign = -1.0 if disc.hi < 0.0 else 1.0
    s, t, d = root(scaled(disc, sign)).hi, trace.hi, determinant.hi
    if sign < 0.0 and abs(t) <= 1e150:
        return complex(0.5 * t, 0.5 * s), complex(0.5 * t, -0.5 * s)
    if abs(t) > 1e150:  # T² overflows there
        return complex(t, 0.0), complex(d / t, 0.0)
    large = 0.5 * (t + math.copysign(s, t))
    if large == 0.0:
        return complex(0.0, 0.0), complex(0.0, 0.0)
    return complex(large, 0.0), complex(d / large, 0.0)


def _is_default(parameter: str, value: npt.ArrayLike) -> bool:
    """Tell whether a value is what a method without the parameter has."""
    default = VARIABLES[parameter].default if parameter in VARIABLES else None
    return default is not None and bool(np.all(np.asarray(value) == default))


def _restored(name: str, bound: dict[str, float]) -> BoundMethod:
    return BoundMethod(METHODS[name], **bound)


heavy_ball = BoundMethod(METHODS["heavy_ball"])


def public(name: str) -> Any:
    """Return a method by its name, or a quantity of the heavy ball by its own."""
    if name == heavy_ball.method.name:
        return heavy_ball
    return BoundMethod(METHODS[name]) if name in METHODS else getattr(heavy_ball, name)
