"""Runs, spectra and trajectories as files for other programs."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from critdamp.engine.errors import CritdampError, InputError

from .calm import new_hdf5
from .columns import Columns, opened
from .files import appearing, failures
from .integrity import SEALS

# lines that are text at a time
_LINES = 2**13
# what a copy of some datasets is no longer, or gets anew
_DROPPED = ("format", "format_version", "readme", *SEALS, "signal", "auxiliary_signals")
_OF_SCALES = ("CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST")


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
        raise InputError(f"output: {target} is what is read; choose another name")
    target = target.resolve() if target.is_symlink() else target
    with opened(source, names) as columns, failures(target, "write"):
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
        raise InputError(f"output: {target}: no format; end its name in one of {known}")
    return ending


def _to_csv(columns: Columns, path: Path) -> None:
    """Write text: 17 digits, which are exact; inf, nan, and codes as numbers."""
    scales = {n: np.array(_texts(v), dtype=object) for n, v in columns.scales.items()}
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join((*scales, *columns.names)) + "\n")
        for block in columns.blocks(scales):
            for start in range(0, len(block[columns.names[0]]), _LINES):
                some = (_texts(v[start : start + _LINES]) for v in block.values())
                file.writelines(f"{','.join(row)}\n" for row in zip(*some, strict=True))


def _texts(values: npt.NDArray[Any]) -> list[str]:
    if values.dtype.kind == "O":
        return list(values)
    form = "%.17g" if values.dtype.kind == "f" else "%d"
    return [form % value for value in values.tolist()]


def _to_npz(columns: Columns, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in (*columns.scales, *columns.names):
            data = columns.file[name]
            known = {"fortran_order": False, "shape": data.shape}
            known["descr"] = np.lib.format.dtype_to_descr(data.dtype)
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array_header_1_0(file, known)
                whole = [(slice(None),)]
                for where in whole if name in columns.scales else columns.pieces(name):
                    file.write(columns.read(name, where).tobytes())


def _to_netcdf(columns: Columns, path: Path) -> None:
    """Write HDF5 that is netCDF-4, as its source is; what is packed is copied so."""
    with new_hdf5(path) as file:
        for name in columns.dimensions:
            _copy(columns, name, file).make_scale(name)
        for name in columns.names:
            sides = _copy(columns, name, file).dims
            for side, scale in zip(sides, columns.dimensions, strict=True):
                side.attach_scale(file[scale])
        _copy_attributes(columns.file, file, _DROPPED)
        if "signal" in columns.file.attrs:
            file.attrs["signal"], *others = columns.names
            if others:
                file.attrs["auxiliary_signals"] = others


def _copy(columns: Columns, name: str, file: h5py.File) -> h5py.Dataset:
    data = columns.file[name]
    if data.is_virtual:
        packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
        fill = {"fillvalue": data.fillvalue}
        made = file.create_dataset(name, data.shape, data.dtype, **packed, **fill)
        for where in columns.pieces(name):
            made[where] = columns.read(name, where)
    else:
        columns.file.copy(data, file, name, without_attrs=True)
    _copy_attributes(data, file[name], _OF_SCALES)
    return file[name]


def _copy_attributes(source: Any, target: Any, without: tuple[str, ...]) -> None:
    for name, value in source.attrs.items():
        if name not in without:
            listed = isinstance(value, np.ndarray) and value.dtype.kind == "O"
            target.attrs[name] = value.tolist() if listed else value


def _to_parquet(columns: Columns, path: Path) -> None:
    try:
        arrow, parquet = map(import_module, ("pyarrow", "pyarrow.parquet"))
    except ImportError:
        raise CritdampError(
            "pyarrow is not installed: pip install 'critdamp[parquet]'"
        ) from None
    fields = []
    for name in (*columns.scales, *columns.names):
        attributes = columns.file[name].attrs
        known = {key: str(attributes.get(key, "")) for key in ("units", "long_name")}
        kind = arrow.from_numpy_dtype(columns.file[name].dtype)
        fields.append(arrow.field(name, kind, metadata=known))
    schema = arrow.schema(fields)
    with parquet.ParquetWriter(path, schema) as writer:
        for block in columns.blocks(columns.scales):
            writer.write_table(arrow.table(block, schema=schema))


FORMATS: dict[str, Callable[[Columns, Path], None]] = {
    ".csv": _to_csv,
    ".npz": _to_npz,
    ".nc": _to_netcdf,
    ".parquet": _to_parquet,
}
