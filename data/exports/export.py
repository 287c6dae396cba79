"""Runs, spectra and trajectories as files for other programs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from critdamp.engine.errors import InputError

from ..storage.atomic_files import appearing
from ..storage.os_errors import failures
from .arrays import _to_netcdf, _to_npz
from .columns import Columns, open_columns
from .tables import _to_csv, _to_parquet


def export(source: Path, target: Path, names: Sequence[str] = ()) -> int:
    """Write a run, a spectrum or a trajectory in the format that an ending stands for.

    Tables (.csv, .parquet) are in long form: a row for each point, the last axis
    fastest, the axes before the quantities. Numbers are those of the file, to the bit.

    Parameters
    ----------
    source : what is read
    target : what is written, whole or not at all; a file that is there is replaced
    names : of quantities, all by default

    Returns
    -------
    int
        How many points were written.

    Raises
    ------
    InputError
        The ending or a name is unknown.
    FileError
        The source cannot be read, or the target cannot be written.
    CritdampError
        What writes this format is not installed.
    """
    write = FORMATS[ending_of(target)]
    if target.exists() and target.samefile(source):
        raise InputError(f"{target} is what is read; choose another name", "output")
    target = target.resolve() if target.is_symlink() else target
    with open_columns(source, names) as columns, failures(target, "write"):
        with appearing(target) as temporary:
            write(columns, temporary)
        return math.prod(columns.shape)


def ending_of(target: Path) -> str:
    """Return the ending that names the format.

    Raises
    ------
    InputError
        It is none of `FORMATS`.
    """
    ending = target.suffix.lower()
    if ending not in FORMATS:
        known = ", ".join(FORMATS)
        raise InputError(
            f"{target}: no format; end its name in one of {known}", "output"
        )
    return ending


FORMATS: dict[str, Callable[[Columns, Path], None]] = {
    ".csv": _to_csv,
    ".npz": _to_npz,
    ".nc": _to_netcdf,
    ".parquet": _to_parquet,
}
