"""Export of a file in the format that the suffix of the target names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from critdamp.engine.callbacks import ignore
from critdamp.engine.errors import InputError

from ..storage.atomic_files import appearing
from ..storage.bounded_read import DEFLATED
from ..storage.os_errors import failures
from ..storage.outputs import check_output, check_space
from .arrays import _to_netcdf, _to_npz, size_of_netcdf, size_of_npz
from .columns import Columns, open_columns
from .tables import _to_csv, _to_parquet, size_of_csv


def export(
    source: Path,
    target: Path,
    names: str | Sequence[str] = (),
    *,
    force: bool = True,
    report: Callable[[int, int], object] = ignore,
    progress: Callable[[int, int], object] = ignore,
) -> int:
    """Export a run, a spectrum or a trajectory; the suffix selects the format.

    Tables (.csv, .parquet) have one row for each point, the last axis fastest, and
    columns for axes and then quantities. All values keep their bits.

    Parameters
    ----------
    source : path of the file that is exported
    target : path that is written atomically
    names : a name of a quantity, or several; all by default
    force : whether an existing file may be replaced
    report : called before anything is written, with the number of points and about how
        many bytes the target will have, if that can be told
    progress : called with the number of written and of all points

    Returns
    -------
    int
        Number of exported points.

    Raises
    ------
    InputError
        The suffix or a name is unknown, or target and source are the same file.
    OutputExistsError
        The target exists, before or in the end, and `force` is False.
    FileError
        The source cannot be read, or the target cannot be written, as where the disk
        has too little room for it.
    CritdampError
        The package that writes this format is not installed.
    """
    write = FORMATS[ending_of(target)]
    with failures(target, "write"):
        is_source = target.exists() and target.samefile(source)
    if is_source:
        raise InputError(f"{target} is the source; choose another name", "output")
    target = check_output(target, force)
    with open_columns(source, names) as columns, failures(target, "write"):
        points = math.prod(columns.shape)
        size = SIZES[ending_of(target)](columns)
        if size:
            report(points, size)
        # where it cannot be told: constants may be compressed so much
        check_space(target, size or size_of_npz(columns) / DEFLATED)
        with appearing(target, force) as temporary:
            write(replace(columns, progress=progress, _values=[0]), temporary)
        progress(points, points)
        return points


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
SIZES: dict[str, Callable[[Columns], int]] = {
    ".csv": size_of_csv,
    ".npz": size_of_npz,
    ".nc": size_of_netcdf,
    ".parquet": lambda _columns: 0,  # constants take almost nothing
}
