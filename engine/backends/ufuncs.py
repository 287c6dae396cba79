"""The public methods: `heavy_ball.rate(eps, p, k)`, `qhm(nu=0.7).rate(…)`."""

from __future__ import annotations

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
from ..validation import finite, instance
from .evaluate import evaluate
from .quantity_ufunc import QuantityUfunc, in_order


class BoundMethod:
    """A method with its quantities as ufuncs, which broadcast and take `out=`.

    The arguments are (*parameters, k), for `settling_time` (*parameters, k, tol), where
    `parameters` are the free parameters of the method in its order. All of them can be
    given by name.

    Parameters
    ----------
    method : the method
    **bound : values of leading parameters, in the order of the method

    Attributes
    ----------
    parameters : names of the free parameters

    Raises
    ------
    InputError
        The bound names are not the leading parameters of the method.
    """

    def __init__(self, method: Method, **bound: float) -> None:
        self.method = method
        self.bound = bound
        self.parameters = method.parameters[len(bound) :]
        if tuple(bound) != method.parameters[: len(bound)]:
            names, known = ", ".join(bound), ", ".join(method.parameters)
            raise InputError(f"{names}: {method.name} has {known}, bound in this order")

    def __call__(self, **bound: float) -> BoundMethod:
        """Return the method with more leading parameters bound, as in `qhm(nu=0.7)`."""
        return BoundMethod(self.method, **self.bound, **bound)

    def __repr__(self) -> str:
        """Return the method, its bound values and its free parameters."""
        bound = ", ".join(f"{name}={value}" for name, value in self.bound.items())
        return f"<{self.method.name}({bound}): {', '.join(self.parameters)}, k>"

    def __dir__(self) -> list[str]:
        """Return the attributes, including the quantities."""
        return [*super().__dir__(), *QUANTITIES]

    def __getattr__(self, name: str) -> Any:
        """Return the ufunc of a quantity, compiled at its first use."""
        if name.startswith("_"):  # copy and pickle look these up before __init__
            raise AttributeError(name)
        if name not in QUANTITIES:
            names = ", ".join(QUANTITIES)
            raise AttributeError(f"{self.method.name} has no {name!r}; it has {names}")
        function = QuantityUfunc(self, QUANTITIES[name])
        vars(self)[name] = function
        return function

    def __reduce__(self) -> tuple[Any, ...]:
        """Return the name of the method and the bound values, for pickle."""
        return _unpickle, (self.method.name, self.bound)

    def values(self, given: Mapping[str, npt.ArrayLike | None]) -> dict[str, Floats]:
        """Return parameter → float64 values: bound, given, or the default.

        Parameters
        ----------
        given : name → finite real numbers, None for the default

        Raises
        ------
        InputError
            A value is missing or not finite, its parameter is bound, or the method does
            not have the parameter.
        """
        method, names = self.method.name, self.method.parameters
        values: dict[str, npt.ArrayLike] = dict(self.bound)
        for parameter, value in given.items():
            if value is None:
                continue
            if parameter in self.bound:
                raise InputError(f"is already bound in {self!r}", parameter)
            if parameter in names:
                values[parameter] = value
            elif not _is_default(parameter, value):
                raise InputError(
                    f"{method} has no such parameter; it has {', '.join(names)}",
                    parameter,
                )
        for parameter in names:
            default = VARIABLES[parameter].default
            if values.get(parameter, default) is None:
                raise InputError(f"{method} needs a value", parameter)
            values.setdefault(parameter, default or 0.0)
        return {parameter: finite(parameter, values[parameter]) for parameter in names}

    def eigenvalues(
        self, *arguments: npt.ArrayLike, **named: npt.ArrayLike
    ) -> npt.NDArray[np.complex128]:
        """Return λ = (T ± √(T² − 4D))/2 for (*parameters, k)  [Eq. 31].

        Parameters
        ----------
        *arguments, **named : the free parameters and k, in this order or by name, which
            broadcast

        Returns
        -------
        (…, 2) complex128, the larger modulus or the positive imaginary part first

        Raises
        ------
        InputError
            An argument is missing, unknown, or given twice.
        """
        given = in_order((*self.parameters, "k"), arguments, named)
        if named:
            raise InputError(f"{', '.join(named)}: eigenvalues has no such argument")
        values = (*self.bound.values(), *given)
        arrays = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in values))
        *parameters, k = (array.flatten() for array in arrays)
        out = np.empty((k.size, 2), dtype=np.complex128)
        evaluate(self.method, _eigenvalues, parameters, k, out)
        return out.reshape(*arrays[0].shape, 2)


@jit
def _eigenvalues(r, _argument):
    """Return λ = (T ± √(T² − 4D))/2, the larger one without cancellation  [Eq. 31]."""
    trace = exact_linear_combination(0.0, 1.0, r.trace, 0.0, r.determinant)
    determinant = exact_linear_combination(0.0, 0.0, r.trace, 1.0, r.determinant)
    disc = precise_discriminant(trace, determinant)
    sign = -1.0 if disc.hi < 0.0 else 1.0
    s, t, d = root(scaled(disc, sign)).hi, trace.hi, determinant.hi
    if sign < 0.0 and abs(t) <= 1e150:
        return complex(0.5 * t, 0.5 * s), complex(0.5 * t, -0.5 * s)
    if abs(t) > 1e150:  # T² overflows
        return complex(t, 0.0), complex(d / t, 0.0)
    large = 0.5 * (t + math.copysign(s, t))
    if large == 0.0:
        return complex(0.0, 0.0), complex(0.0, 0.0)
    return complex(large, 0.0), complex(d / large, 0.0)


def _is_default(parameter: str, value: npt.ArrayLike) -> bool:
    """Return whether a value is the default of a parameter."""
    default = VARIABLES[parameter].default if parameter in VARIABLES else None
    return default is not None and bool(np.all(np.asarray(value) == default))


def _unpickle(name: str, bound: dict[str, float]) -> BoundMethod:
    return BoundMethod(METHODS[name], **bound)


heavy_ball = BoundMethod(METHODS["heavy_ball"])


def require_method(value: object) -> None:
    """Raise InputError if the value is no method, such as the name of one."""
    names = ", ".join(METHODS)
    instance("method", value, BoundMethod, f"critdamp has {names}")


def public(name: str) -> Any:
    """Return the method of a name, or the quantity of the heavy ball of a name."""
    if name == heavy_ball.method.name:
        return heavy_ball
    return BoundMethod(METHODS[name]) if name in METHODS else getattr(heavy_ball, name)
