"""A quantity of a method as a ufunc, whose arguments can be given by name."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from ..errors import InputError
from ..quantities.quantity import Quantity
from .compile import ufunc

if TYPE_CHECKING:
    from .ufuncs import BoundMethod


class QuantityUfunc:
    """A quantity of a method, as a ufunc whose arguments can be given by name.

    Attributes
    ----------
    ufunc : Numba's ufunc of all parameters of the method, in its order, and k; compiled
        functions can call it
    arguments : names of the arguments in their order, without those that are bound
    """

    def __init__(self, bound: BoundMethod, quantity: Quantity) -> None:
        self._bound, self._values = bound, tuple(bound.bound.values())
        self.__name__ = self.__qualname__ = quantity.name
        self.ufunc = ufunc(bound.method, quantity)
        last = ("k", "tol") if quantity.needs_tol else ("k",)
        self.arguments = (*bound.parameters, *last)
        bindings = f"{bound!r}: the leading arguments are bound.\n\n"
        self.__doc__ = (bindings if bound.bound else "") + f"{self.ufunc.__doc__}"
        self.__signature__ = _signature(self.arguments)

    def __call__(self, *arguments: npt.ArrayLike, **named: Any) -> Any:
        """Return the values at `arguments`, given in their order or by name.

        Parameters
        ----------
        *arguments, **named : the arguments, real numbers that broadcast, and what every
            NumPy ufunc takes: out, where, dtype, …

        Raises
        ------
        InputError
            An argument is missing, or given twice.
        """
        given = in_order(self.arguments, arguments, named)
        return self.ufunc(*self._values, *given, **named)

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the ufunc: nin, types, outer and so on."""
        if name.startswith("_") or self._values:
            raise AttributeError(f"{self!r} has no {name!r}")
        return getattr(self.ufunc, name)

    def __repr__(self) -> str:
        """Return the method, the quantity and the arguments."""
        names = ", ".join(self.arguments)
        return f"<ufunc {self._bound.method.name}.{self.__name__}({names})>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Return the method and the name of the quantity, for pickle."""
        return getattr, (self._bound, self.__name__)


def in_order(
    names: tuple[str, ...], arguments: tuple[Any, ...], named: dict[str, Any]
) -> tuple[Any, ...]:
    """Return the arguments in their order; those in `named` are taken out of it.

    Parameters
    ----------
    names : of all arguments
    arguments : the leading ones; more of them are returned as they are
    named : name → value of others

    Raises
    ------
    InputError
        An argument is missing, or given twice.
    """
    twice = [name for name in names[: len(arguments)] if name in named]
    rest = names[len(arguments) :]
    missing = [name for name in rest if name not in named]
    if twice or missing:
        fault = f"{', '.join(twice or missing)} {'given twice' if twice else 'missing'}"
        raise InputError(f"{fault}; the arguments are {', '.join(names)}")
    return (*arguments, *(named.pop(name) for name in rest))


def _signature(names: tuple[str, ...]) -> inspect.Signature:
    """Return the signature of a ufunc of these arguments."""
    kind = inspect.Parameter
    parameters = [kind(name, kind.POSITIONAL_OR_KEYWORD) for name in names]
    out = kind("out", kind.KEYWORD_ONLY, default=None)
    return inspect.Signature([*parameters, out, kind("options", kind.VAR_KEYWORD)])
