"""Arrays for other programs: .npz and netCDF-4."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..chunks.checksums import SEALS
from ..chunks.deflate import DEFLATE
from ..storage.new_hdf5 import new_hdf5
from .columns import Columns

# what a copy of some datasets is no longer, or gets anew
_DROPPED = ("format", "format_version", "readme", *SEALS, "signal", "auxiliary_signals")
_OF_SCALES = ("CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST")


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
        fill = {"fillvalue": data.fillvalue}
        made = file.create_dataset(name, data.shape, data.dtype, **DEFLATE, **fill)
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
