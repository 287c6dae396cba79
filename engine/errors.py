"""The exceptions and warnings of critdamp, with messages for users."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Advice(NamedTuple):
    """An argument that helps, as a value for it and what that does.

    Attributes
    ----------
    argument, value : name of the argument, and the value to give
    effect : what it does, a verb first
    python : how it is written in Python, if not as an argument of what was called
    """

    argument: str
    value: object
    effect: str
    python: str = ""

    def in_python(self) -> str:
        """Return the advice for a caller in Python; commands name the option."""
        return f"{self.python or f'{self.argument}={self.value!r}'} {self.effect}"


class CritdampError(Exception):
    """Base class of the errors of critdamp.

    Parameters
    ----------
    message : what is wrong, and what to do
    advice : an argument that helps, if there is one

    Attributes
    ----------
    message, advice : as above; str() is "message; advice"
    wording : Advice → text, for callers in Python by default
    """

    def __init__(self, message: str = "", *, advice: Advice | None = None) -> None:
        super().__init__(message)
        self.message, self.advice = message, advice
        self.wording: Callable[[Advice], str] = Advice.in_python

    def __str__(self) -> str:
        """Return the message, followed by the advice."""
        return (
            f"{self.message}; {self.wording(self.advice)}"
            if self.advice
            else (self.message)
        )


class InputError(CritdampError, ValueError):
    """An argument has a value that is not allowed.

    Parameters
    ----------
    message : the value given, the values allowed, and what to do
    parameter : name of the argument, empty if the error concerns none
    advice : an argument that helps, if there is one

    Attributes
    ----------
    message, parameter, advice : as above; str() is "parameter: message; advice"
    """

    def __init__(
        self, message: str, parameter: str = "", *, advice: Advice | None = None
    ) -> None:
        super().__init__(message, advice=advice)
        self.parameter = parameter

    def __str__(self) -> str:
        """Return the message, preceded by the name of the parameter."""
        text = super().__str__()
        return f"{self.parameter}: {text}" if self.parameter else text


class OutputExistsError(InputError):
    """The output exists and overwriting was not requested."""


class PlanChangedError(InputError):
    """A sweep cannot be resumed with a plan other than the one it was started with."""


class FileError(CritdampError, OSError):
    """A file cannot be read or written; data written earlier is intact."""


class CritdampWarning(UserWarning):
    """The result is right, and something about it has to be known."""


class SpectrumWarning(CritdampWarning):
    """The ends of a spectrum have not converged, or negative modes were left out."""
