"""The exit status and the error message of a command."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TextIO

import click

from critdamp.engine.errors import CritdampError, InputError

from .signals import INTERRUPTED, received

FAILED, USAGE, MISSING = 1, 2, 3
# what a shell shows for a process that SIGPIPE ended
CLOSED_PIPE = 141


class Incomplete(Exception):
    """The command succeeded, but tiles are missing."""


class Stopped(Exception):
    """A sweep was interrupted; the message says how to continue it."""


class ClosedPipe(Exception):
    """The reader of stdout or stderr is gone."""


@contextmanager
def own_exceptions() -> Iterator[None]:
    """Raise ClosedPipe and Stopped for exceptions that click handles in its own way."""
    try:
        yield
    except BrokenPipeError as error:
        raise ClosedPipe from error
    except KeyboardInterrupt:
        raise Stopped("interrupted") from None


@dataclass
class ExitStatus:
    """The exit status of the process."""

    code: int = 0


@contextmanager
def exit_status() -> Iterator[ExitStatus]:
    """Yield the exit status; set it and print a message for exceptions of the block.

    Where the reader of stdout or stderr has closed the pipe, there is no message.
    """
    status = ExitStatus()
    try:
        with _told(status):
            yield status
            sys.stdout.flush()
    except (BrokenPipeError, ClosedPipe):
        _close_output(sys.stdout, sys.stderr)
        status.code = CLOSED_PIPE


@contextmanager
def _told(status: ExitStatus) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except (click.exceptions.ClickException, click.exceptions.Exit) as error:
        status.code = _end_of_click(error)
    except InputError as error:
        status.code = _failed(str(error), USAGE)
    except CritdampError as error:
        status.code = _failed(str(error))
    except Incomplete:
        status.code = MISSING
    except Stopped as error:
        click.echo(str(error), err=True)
        status.code = INTERRUPTED
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        status.code = INTERRUPTED
    except OSError as error:
        path = f"{error.filename}: " if error.filename else ""
        status.code = _failed(f"{path}{error.strerror or error}")
        _close_output(sys.stdout)  # where it is full
    except Exception as error:
        if _is_out_of_memory(error):
            status.code = _failed("not enough memory")
        elif received:  # an interrupt that a library has converted
            click.echo("interrupted", err=True)
            status.code = INTERRUPTED
        else:
            raise


def _is_out_of_memory(error: Exception) -> bool:
    """Return whether memory is missing, for data, a thread, or a package to load."""
    signs = "can't start new thread", "failed to map segment", "cannot allocate memory"
    return isinstance(error, MemoryError) or any(sign in f"{error}" for sign in signs)


def _close_output(*streams: TextIO) -> None:
    """Send streams nowhere; what is buffered must not fail at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())


def _end_of_click(error: click.ClickException | click.exceptions.Exit) -> int:
    """Print the message of an exception of click, and return the exit status."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return USAGE
    if isinstance(error, click.ClickException):
        return _failed(_with_hint(error), error.exit_code)
    return error.exit_code


def _failed(message: str, code: int = FAILED) -> int:
    print_error(message)
    return code


def print_error(message: str) -> None:
    """Print a message as one line on stderr, with control characters escaped."""
    line = "".join(map(_printable, " ".join(message.split("\n"))))
    click.echo(f"Error: {line}", err=True)


def _printable(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]


def _with_hint(error: click.ClickException) -> str:
    ctx = getattr(error, "ctx", None)
    hint = f" (see {ctx.command_path} --help)" if ctx else ""
    return error.format_message().replace("\n", " ").rstrip(".") + hint
