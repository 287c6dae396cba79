"""The exceptions that critdamp raises, all of them made for people to read."""


class CritdampError(Exception):
    """Base of every error that critdamp raises on purpose."""


class InputError(CritdampError, ValueError):
    """A value that was given is not allowed; the message says which and why."""


class OutputExistsError(InputError):
    """The output is there already and overwriting was not asked for."""


class PlanChangedError(InputError):
    """A sweep was to go on with a plan that is not the one it began with."""


class FileError(CritdampError, OSError):
    """A file cannot be read or written; what was finished before is intact."""
