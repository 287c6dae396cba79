"""The exceptions that critdamp raises, all of them made for people to read."""


class CritdampError(Exception):
    """Base of every error that critdamp raises on purpose."""


class InputError(CritdampError, ValueError):
    """A value that was given is not allowed.

    Parameters
    ----------
    message : what was given, what is allowed, what to do
    parameter : name of the argument that it is about, empty if it is about none

    Attributes
    ----------
    message, parameter : as given; the text of the error has the parameter before the
        message
    """

    def __init__(self, message: str, parameter: str = "") -> None:
        super().__init__(message, parameter)
        self.message, self.parameter = message, parameter

    def __str__(self) -> str:
        """Return the message, behind the name of the parameter."""
        return f"{self.parameter}: {self.message}" if self.parameter else self.message


class OutputExistsError(InputError):
    """The output is there already and overwriting was not asked for."""


class PlanChangedError(InputError):
    """A sweep was to go on with a plan that is not the one it began with."""


class FileError(CritdampError, OSError):
    """A file cannot be read or written; what was finished before is intact."""
