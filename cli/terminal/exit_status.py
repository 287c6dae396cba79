"""What ends a command, and the one line that people read then."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from critdamp.engine.errors import CritdampError, InputError

FAILED, USAGE, MISSING, INTERRUPTED = 1, 2, 3, 130


class Incomplete(Exception):
    """The command did its work, and tiles are missing."""


class Stopped(Exception):
    """Somebody stopped a sweep; the message says how to go on."""


@dataclass
class ExitStatus:
    """The exit status of the process."""

    code: int = 0


@contextmanager
def exit_status() -> Iterator[ExitStatus]:
    """Yield an exit status, which follows from what is raised inside."""
    status = ExitStatus()
    try:
        yield status
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        status.code = USAGE
    except click.ClickException as error:
        say_error(_with_hint(error))
        status.code = error.exit_code
    except click.exceptions.Exit as error:
        status.code = error.exit_code
    except InputError as error:
        say_error(str(error))
        status.code = USAGE
    except CritdampError as error:
        say_error(str(error))
        status.code = FAILED
    except Incomplete:
        status.code = MISSING
    except Stopped as error:
        click.echo(str(error), err=True)
        status.code = INTERRUPTED
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        status.code = INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has seen enough; nothing may be flushed there again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status.code = FAILED
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        say_error(f"{named}{error.strerror or error}")
        status.code = FAILED
    except MemoryError:
        say_error("out of memory")
        status.code = FAILED


def say_error(message: str) -> None:
    """Print one line on stderr, whatever the names in the message have in them."""
    line = "".join(map(_printable, " ".join(message.split("\n"))))
    click.echo(f"Error: {line}", err=True)


def _printable(letter: str) -> str:
    return letter if letter.isprintable() else ascii(letter)[1:-1]


def _with_hint(error: click.ClickException) -> str:
    ctx = getattr(error, "ctx", None)
    hint = f" (see {ctx.command_path} --help)" if ctx else ""
    return error.format_message().replace("\n", " ").rstrip(".") + hint
