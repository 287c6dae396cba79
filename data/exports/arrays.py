"""Export of arrays: .npz and netCDF-4."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..chunks.checksums import SEALS
from ..chunks.deflate import DEFLATE
from ..formats.provenance import add_attributes, all_attributes, plain
from ..storage.new_hdf5 import new_hdf5
from .columns import Columns

# root attributes that do not hold for an export, or that are written anew
_NOT_COPIED = (
    "format",
    "format_version",
    "readme",
    *SEALS,
    "signal",
    "auxiliary_signals",
)
# attributes that HDF5's dimension scales write
_SCALE_ATTRIBUTES = ("CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST")


def _to_npz(columns: Columns, path: Path) -> None:
    """Write a .npz archive of uncompressed arrays, a block at a time."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in (*columns.scales, *columns.names):
            dataset = columns.file[name]
            header = {"fortran_order": False, "shape": dataset.shape}
            header["descr"] = np.lib.format.dtype_to_descr(dataset.dtype)
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array_header_1_0(file, header)
                whole = [(slice(None),)]
                for where in whole if name in columns.scales else columns.pieces(name):
                    file.write(columns.read(name, where).tobytes())


def size_of_npz(columns: Columns) -> int:
    """Return the bytes of the arrays, which are not compressed."""
    names = (*columns.scales, *columns.names)
    return sum(columns.file[name].nbytes for name in names)


def size_of_netcdf(columns: Columns) -> int:
    """Return the bytes that the arrays have in the source, 0 for a live view."""
    return sum(columns.file[name].id.get_storage_size() for name in columns.names)


def _to_netcdf(columns: Columns, path: Path) -> None:
    """Write a netCDF-4 file; stored chunks are copied without decoding."""
    with new_hdf5(path) as file:
        for name in columns.dimensions:
            _copy(columns, name, file).make_scale(name)
        for name in columns.names:
            dimensions = _copy(columns, name, file).dims
            for dimension, scale in zip(dimensions, columns.dimensions, strict=True):
                dimension.attach_scale(file[scale])
        _copy_attributes(columns.file, file, _NOT_COPIED)
        if "signal" in columns.file.attrs:
            file.attrs["signal"], *others = columns.names
            if others:
                file.attrs["auxiliary_signals"] = others


def _copy(columns: Columns, name: str, file: h5py.File) -> h5py.Dataset:
    source = columns.file[name]
    if source.is_virtual:
        fill = {"fillvalue": source.fillvalue}
        target = file.create_dataset(
            name, source.shape, source.dtype, **DEFLATE, **fill
        )
        for where in columns.pieces(name):
            target[where] = columns.read(name, where)
    else:
        columns.file.copy(source, file, name, without_attrs=True)
    _copy_attributes(source, file[name], _SCALE_ATTRIBUTES)
    return file[name]


def _copy_attributes(source: Any, target: Any, without: tuple[str, ...]) -> None:
    for name, value in all_attributes(source):
        if name not in without:
            add_attributes(target, {name: _storable(value)})


def _storable(value: Any) -> Any:
    """Return numbers as they are, and anything else as text or texts."""
    if isinstance(value, h5py.Empty) or np.asarray(value).dtype.kind in "biuf":
        return value
    text = plain(value)
    texts = isinstance(text, list) and all(isinstance(one, str) for one in text)
    return text if texts else str(text)
