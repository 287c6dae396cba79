"""Export of a file in the format that the suffix of the target names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from critdamp.engine.errors import InputError

from ..storage.atomic_files import appearing
from ..storage.os_errors import failures
from ..storage.outputs import check_output
from .arrays import _to_netcdf, _to_npz
from .columns import Columns, open_columns
from .tables import _to_csv, _to_parquet


def export(source: Path, target: Path, names: str | Sequence[str] = ()) -> int:
    """Export a run, a spectrum or a trajectory; the suffix selects the format.

    Tables (.csv, .parquet) have one row for each point, the last axis fastest, and
    columns for axes and then quantities. All values keep their bits.

    Parameters
    ----------
    source : path of the file that is exported
    target : path that is written atomically; an existing file is replaced
    names : a name of a quantity, or several; all by default

    Returns
    -------
    int
        Number of exported points.

    Raises
    ------
    InputError
        The suffix or a name is unknown, or target and source are the same file.
    FileError
        The source cannot be read, or the target cannot be written.
    CritdampError
        The package that writes this format is not installed.
    """
    write = FORMATS[ending_of(target)]
    if target.exists() and target.samefile(source):
        raise InputError(f"{target} is the source; choose another name", "output")
    check_output(target)
    target = target.resolve() if target.is_symlink() else target
    with open_columns(source, names) as columns, failures(target, "write"):
        with appearing(target) as temporary:
            write(columns, temporary)
        return math.prod(columns.shape)


def ending_of(target: Path) -> str:
    """Return the suffix of a path in lower case, a key of `FORMATS`.

    Raises
    ------
    InputError
        The suffix is unknown.
    """
    suffix = target.suffix.lower()
    if suffix not in FORMATS:
        formats = ", ".join(FORMATS)
        raise InputError(
            f"{target}: unknown format; end its name in one of {formats}", "output"
        )
    return suffix


FORMATS: dict[str, Callable[[Columns, Path], None]] = {
    ".csv": _to_csv,
    ".npz": _to_npz,
    ".nc": _to_netcdf,
    ".parquet": _to_parquet,
}
