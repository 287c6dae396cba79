"""The exceptions that critdamp raises, with messages for users."""


class CritdampError(Exception):
    """Base class of the errors of critdamp."""


class InputError(CritdampError, ValueError):
    """An argument has a value that is not allowed.

    Parameters
    ----------
    message : the value given, the values allowed, and what to do
    parameter : name of the argument, empty if the error concerns none

    Attributes
    ----------
    message, parameter : as above; str() is "parameter: message"
    """

    def __init__(self, message: str, parameter: str = "") -> None:
        super().__init__(message, parameter)
        self.message, self.parameter = message, parameter

    def __str__(self) -> str:
        """Return the message, preceded by the name of the parameter."""
        return f"{self.parameter}: {self.message}" if self.parameter else self.message


class SpectrumWarning(UserWarning):
    """The ends of a spectrum have not converged, or negative modes were left out."""


class OutputExistsError(InputError):
    """The output exists and overwriting was not requested."""


class PlanChangedError(InputError):
    """A sweep cannot be resumed with a plan other than the one it was started with."""


class FileError(CritdampError, OSError):
    """A file cannot be read or written; data written earlier is intact."""
