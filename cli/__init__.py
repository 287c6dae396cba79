"""The command line. What a command needs is imported when it is called."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from io import StringIO, TextIOWrapper
from typing import Any

import click

from critdamp.engine.errors import InputError

from .terminal.exit_status import exit_status

COMMANDS = {
    "sweep": "Compute maps over a grid into a run file.",
    "resume": "Go on with a sweep that was stopped or killed.",
    "status": "Say how far a sweep is.",
    "inspect": "Show what a run file holds.",
    "export": "Write a run as .csv, .npz, .nc or .parquet.",
    "spectrum": "Turn a Hessian, a design matrix or eigenvalues into a spectrum.",
    "integrate": "Move the modes of a spectrum through time.",
    "verify": "Run the coupled iteration beside the decoupled modes.",
    "bench": "Measure the kernels on this machine, beside their limits.",
    "info": "Show versions, threads, kernels and what is in the box.",
}


class Commands(click.Group):
    """Commands by name, each in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command, None if there is none of this name."""
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"{__name__}.commands.{name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error about a parameter is one about its option."""
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
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="critdamp", message="%(prog)s %(version)s")
def group() -> None:
    """Map what learning rate and momentum do to convergence.

    Exit status: 0 done, 1 failed, 2 usage, 3 tiles are missing, 130 interrupted.
    Each option can be given in the environment, as CRITDAMP_SWEEP_THREADS=8.
    """


def _prepare() -> None:
    """Have two streams that take any text, and let SIGTERM interrupt as Ctrl-C does."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # closed by whoever started us; no file of ours may come there
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, StringIO())
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def main() -> None:
    """Run the command line and end the process with its exit status."""
    _prepare()
    with exit_status() as status:
        group.main(
            prog_name="critdamp",
            standalone_mode=False,
            auto_envvar_prefix="CRITDAMP",
        )
    sys.exit(status.code)
