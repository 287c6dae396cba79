"""The command line; modules are imported when a command is called."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from importlib import import_module
from io import StringIO, TextIOWrapper
from typing import Any

import click

from critdamp.engine.errors import InputError, SpectrumWarning

from .terminal.exit_status import exit_status

COMMANDS = {
    "sweep": "Compute maps over a grid into a run file.",
    "resume": "Continue a sweep that was stopped or killed.",
    "status": "Show the progress of a sweep.",
    "inspect": "Show the contents of a run file.",
    "export": "Write a run, spectrum or trajectory as .csv, .npz, .nc or .parquet.",
    "spectrum": "Compute the spectrum of a Hessian or a design matrix.",
    "integrate": "Simulate the modes of a spectrum in time.",
    "verify": "Compare the coupled iteration with the decoupled modes.",
    "bench": "Measure the kernels and the limits of this machine.",
    "info": "Show versions, threads, backends, methods, quantities and spectra.",
}


class Commands(click.Group):
    """The group of commands, each in the module of its name in `commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return the command of a name, None if there is none."""
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"{__name__}.commands.{name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; replace parameters by options in its errors."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            command = self.get_command(ctx, ctx.invoked_subcommand or "")
            for option in command.params if command else ():
                if error.parameter in (option.name, option.opts[-1].lstrip("-")):
                    error.parameter = option.opts[-1]
            raise

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="critdamp", message="%(prog)s %(version)s")
def group() -> None:
    """Compute maps of convergence over learning rate and momentum.

    Exit status: 0 success, 1 failure, 2 wrong usage, 3 tiles are missing,
    130 interrupted. Each option can also be set by an environment variable, for
    example CRITDAMP_SWEEP_THREADS=8.
    """


def _prepare() -> None:
    """Set up stdout and stderr for any text, and SIGTERM to interrupt like Ctrl-C."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:  # closed by the parent; an output file must not take its place
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, StringIO())
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _one_line(message: Warning | str, *place: Any, **options: Any) -> str:
    """Return a warning about a spectrum as one line, and others as Python does."""
    if isinstance(message, SpectrumWarning):
        return f"warning: {message}\n"
    return _format_warning(message, *place, **options)


_format_warning = warnings.formatwarning


def main() -> None:
    """Run the command line and exit with its exit status."""
    _prepare()
    with warnings.catch_warnings(), exit_status() as status:
        warnings.formatwarning = _one_line
        warnings.simplefilter("always", SpectrumWarning)
        group.main(
            prog_name="critdamp",
            standalone_mode=False,
            auto_envvar_prefix="CRITDAMP",
        )
    sys.exit(status.code)
