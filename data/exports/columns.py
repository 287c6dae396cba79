"""Arrays of runs, spectra and trajectories alike, read in pieces."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from critdamp.engine.errors import FileError
from critdamp.engine.maps.plan import choose

from ..chunks.blocks import Where
from ..formats.kinds import kind_of, open_kind
from ..storage.bounded_read import read_bounded
from ..storage.open_hdf5 import undamaged

# points that are read at a time
_POINTS = 2**20
Block = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Columns:
    """Arrays over the same dimensions, as they stand in an open file.

    Attributes
    ----------
    path, file : where they are
    dimensions : names of the scales, slowest first
    names : of the arrays
    scales : name → values of the dimensions that are columns themselves
    """

    path: Path
    file: h5py.File
    dimensions: tuple[str, ...]
    names: tuple[str, ...]
    scales: Block

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the lengths of the dimensions."""
        return tuple(n for name in self.dimensions for n in self.file[name].shape)

    def read(self, name: str, where: Where) -> npt.NDArray[Any]:
        """Return a block of an array."""
        with undamaged(self.path):
            return np.asarray(self.file[name][where])

    def pieces(self, name: str) -> Iterator[Where]:
        """Yield blocks that follow each other in row-major order, and are all of it."""
        return pieces(self.shape, self.file[name].chunks or self.shape, _POINTS)

    def blocks(self, scales: Mapping[str, npt.NDArray[Any]]) -> Iterator[Block]:
        """Yield columns, a piece at a time, with what stands for the axes' values."""
        for where in self.pieces(self.names[0]):
            parts = [s[w] for s, w in zip(scales.values(), where, strict=False)]
            sides = np.meshgrid(*parts, indexing="ij")
            block = {n: s.ravel() for n, s in zip(scales, sides, strict=True)}
            yield block | {n: self.read(n, where).ravel() for n in self.names}


@contextmanager
def open_columns(path: Path, names: Sequence[str] = ()) -> Iterator[Columns]:
    """Open a run, a live view, a spectrum or a trajectory, whichever it is.

    Parameters
    ----------
    path : of the file
    names : of arrays, each taken once; all by default

    Raises
    ------
    FileError
        It is missing, unfinished, damaged, foreign, or made by a newer critdamp.
    InputError
        There is no array of such a name.
    """
    with open_kind(path) as file:
        with undamaged(path):
            found = _found(path, file)
            arrays = [file[name] for name in found.names]
            if {a.shape for a in arrays} != {found.shape} or not math.prod(found.shape):
                raise FileError(f"{path}: damaged: arrays and axes differ in shape")
            if {array.dtype.kind for array in arrays} - {"f", "i"}:
                raise FileError(f"{path}: damaged: an array is not of numbers")
        chosen = dict.fromkeys(choose("quantity", n, found.names) for n in names)
        yield replace(found, names=tuple(chosen) or found.names)


def pieces(
    shape: tuple[int, ...], chunks: tuple[int, ...], most: int
) -> Iterator[Where]:
    """Yield blocks of at most so many points that follow each other in row-major order.

    They are whole rows of chunks where that is possible, so that each is unpacked once.
    """
    sizes = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    cut = next(i for i, size in enumerate(sizes) if size <= most)
    step = max(1, most // sizes[cut])
    step = max(step - step % chunks[cut], min(step, chunks[cut]))
    for outer in np.ndindex(shape[:cut]):
        for start in range(0, shape[cut], step):
            side = slice(start, min(start + step, shape[cut]))
            rows = (slice(0, n) for n in shape[cut + 1 :])
            yield (*(slice(i, i + 1) for i in outer), side, *rows)


def _found(path: Path, file: h5py.File) -> Columns:
    kind = kind_of(file)
    if kind.columns:
        columns = tuple(name for name in kind.columns if name in file)
        return Columns(path, file, kind.axes, columns, {})
    axes = tuple(map(str, file.attrs["axes"]))
    others = file.attrs.get("auxiliary_signals", ())
    names = tuple(map(str, (file.attrs["signal"], *others)))
    if any("/" in name for name in (*axes, *names)):
        raise FileError(f"{path}: damaged: its axes and arrays are not where it says")
    return Columns(
        path, file, axes, names, {axis: read_bounded(file[axis]) for axis in axes}
    )
