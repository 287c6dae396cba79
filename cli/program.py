"""The group of commands; their modules are imported when one is called."""

from __future__ import annotations

import os
import resource
import warnings
from functools import partial
from importlib import import_module
from typing import Any

import click

from critdamp.engine.errors import (
    Advice,
    CritdampError,
    CritdampWarning,
    InputError,
)

from .terminal.exit_status import exit_status, own_exceptions
from .terminal.signals import interruptible

# address space, measured: of the packages that all commands load, with one thread of
# OpenBLAS, and of the compiler and of SciPy, which some commands do without
_PACKAGES, _OF_A_BLAS_THREAD, _COMPILER = 320_000_000, 40_000_000, 340_000_000
_READERS = ("status", "inspect", "export")
COMMANDS = {
    "sweep": "Compute maps over a grid into a run file.",
    "resume": "Continue a sweep that was stopped or killed.",
    "status": "Show the progress of a sweep.",
    "inspect": "Show the contents of a run, spectrum or trajectory.",
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
        _check_address_space(name)
        try:
            module = import_module(f"{__package__}.commands.{name}")
        except InputError:
            raise
        except (ImportError, ValueError) as error:  # Numba checks its NUMBA_* there
            reason = f"a package cannot be loaded: {error}{_settings_of_numba()}"
            raise click.ClickException(reason) from error
        command: click.Command = module.command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Return name, command and arguments; signals interrupt from here on.

        Until now they end the process: an interrupt may be lost in an import.
        """
        resolved = super().resolve_command(ctx, args)
        ctx.with_resource(interruptible())
        return resolved

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Return the context; --help and --version print here."""
        with own_exceptions():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; replace parameters by options in its errors."""
        try:
            with own_exceptions():
                return super().invoke(ctx)
        except CritdampError as error:
            command = ctx.invoked_subcommand or ""
            error.wording = partial(self._wording, ctx, command)
            if isinstance(error, InputError):
                options = self._options(ctx, command, error.parameter)
                error.parameter = "/".join(options) or error.parameter
            raise

    def _options(
        self, ctx: click.Context, command: str, parameter: str
    ) -> tuple[str, ...]:
        """Return the names of the option of a parameter, and of its opposite."""
        found = self.get_command(ctx, command)
        for option in found.params if found else ():
            given = f"--{parameter}"
            if parameter == option.name or (parameter and given in option.opts):
                name = given if given in option.opts else max(option.opts, key=len)
                return name, *option.secondary_opts
        return ()

    def _wording(self, ctx: click.Context, command: str, advice: Advice) -> str:
        """Return advice with the option, of another command if this one has none."""
        for name in (command, *COMMANDS):
            if options := self._options(ctx, name, advice.argument):
                value = "" if advice.value is True else f" {advice.value}"
                text = f"{options[0]}{value}"
                text = text if name == command else f"`critdamp {name} {text}`"
                return f"{text} {advice.effect}"
        return advice.in_python()

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


def _check_address_space(name: str) -> None:
    """Raise if packages have no room: OpenBLAS would wait for ever, LLVM abort."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    needed = _PACKAGES + _blas_threads() * _OF_A_BLAS_THREAD
    needed += 0 if name in _READERS else _COMPILER
    if limit != resource.RLIM_INFINITY and limit < needed:
        raise CritdampError(
            f"not enough memory: the address space is limited to {limit / 1e6:,.0f} MB "
            f"(ulimit -v), and {name} needs {needed / 1e6:,.0f} MB"
        )


def _blas_threads() -> int:
    """Return how many threads OpenBLAS starts: what is set, or the processors."""
    given = (os.environ.get(f"{name}_NUM_THREADS", "") for name in ("OPENBLAS", "OMP"))
    numbers = (text.split(",")[0].strip() for text in given)  # OMP takes a list
    usable = (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )
    threads = next((int(text) for text in numbers if text.isdecimal()), usable)
    return max(1, min(threads, 64))


def _settings_of_numba() -> str:
    """Return the variables of Numba that are set, which may be the cause."""
    names = sorted(name for name in os.environ if name.startswith("NUMBA_"))
    return f" ({', '.join(f'{n} = {os.environ[n]}' for n in names)})" if names else ""


def _one_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    """Return a warning as one line, the first one if it has several."""
    text = f"{message}"
    if not isinstance(message, CritdampWarning):
        text = f"{category.__name__}: {text.strip()}".split("\n")[0]
    return f"warning: {text}\n"


def run() -> int:
    """Run the command line, and return its exit status."""
    with warnings.catch_warnings(), exit_status() as status:
        warnings.formatwarning = _one_line
        warnings.simplefilter("always", CritdampWarning)
        group.main(
            prog_name="critdamp",
            standalone_mode=False,
            auto_envvar_prefix="CRITDAMP",
        )
    return status.code
