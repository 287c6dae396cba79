"""Arrays of runs, spectra and trajectories, read a block at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from critdamp.engine.callbacks import ignore
from critdamp.engine.errors import FileError
from critdamp.engine.maps.plan import choose
from critdamp.engine.validation import names_in

from ..chunks.blocks import Where
from ..formats.kinds import kind_of, open_kind
from ..storage.bounded_read import read_block, read_bounded
from ..storage.memory_budget import Budget
from ..storage.open_hdf5 import undamaged

# maximum number of points in a block
_POINTS = 2**20
Block = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Columns:
    """Arrays over the same dimensions in an open file.

    Attributes
    ----------
    path, file : path and open file
    dimensions : names of the dimension scales, slowest first
    names : names of the arrays
    scales : name → values of the dimensions that are exported as columns
    progress : called before each read with the number of points so far, on average
        over the arrays, and of all points
    """

    path: Path
    file: h5py.File
    dimensions: tuple[str, ...]
    names: tuple[str, ...]
    scales: Block
    progress: Callable[[int, int], object] = ignore
    _values: list[int] = field(default_factory=lambda: [0])

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the shape of the arrays."""
        return tuple(n for name in self.dimensions for n in self.file[name].shape)

    def read(self, name: str, where: Where) -> npt.NDArray[Any]:
        """Return a block of an array."""
        self.progress(self._values[0] // len(self.names), math.prod(self.shape))
        with undamaged(self.path):
            values = np.asarray(read_block(self.file[name], where))
        self._values[0] += values.size if name in self.names else 0
        return values

    def pieces(self, name: str) -> Iterator[Where]:
        """Yield blocks that cover an array in row-major order."""
        return pieces(self.shape, self.file[name].chunks or self.shape, _POINTS)

    def blocks(self, scales: Mapping[str, npt.NDArray[Any]]) -> Iterator[Block]:
        """Yield name → flat column for each block, coordinates first.

        Parameters
        ----------
        scales : name → values, or texts for them, of the coordinates on each axis
        """
        for where in self.pieces(self.names[0]):
            values = [s[w] for s, w in zip(scales.values(), where, strict=False)]
            coordinates = np.meshgrid(*values, indexing="ij")
            block = {n: c.ravel() for n, c in zip(scales, coordinates, strict=True)}
            yield block | {n: self.read(n, where).ravel() for n in self.names}


@contextmanager
def open_columns(path: Path, names: str | Sequence[str] = ()) -> Iterator[Columns]:
    """Yield the arrays of a run, a live view, a spectrum or a trajectory.

    Parameters
    ----------
    path : path of the file
    names : a name of an array, or several, each taken once; all by default

    Raises
    ------
    FileError
        The file is missing, unfinished, damaged, foreign, or written by a newer
        critdamp.
    InputError
        The file has no array of such a name.
    """
    with open_kind(path) as file:
        with undamaged(path):
            columns = _columns(path, file)
            shape = columns.shape
            arrays = [file[name] for name in columns.names]
            if {array.shape for array in arrays} != {shape} or not math.prod(shape):
                raise FileError(f"{path}: damaged: arrays and axes differ in shape")
            if {array.dtype.kind for array in arrays} - {"f", "i"}:
                raise FileError(f"{path}: damaged: an array is not of numbers")
        chosen = dict.fromkeys(
            choose("quantity", n, columns.names) for n in names_in(names)
        )
        yield replace(columns, names=tuple(chosen) or columns.names)


def pieces(
    shape: tuple[int, ...], chunks: tuple[int, ...], most: int
) -> Iterator[Where]:
    """Yield blocks that cover an array in row-major order.

    Blocks are whole rows of chunks if possible, so that each chunk is decoded once.

    Parameters
    ----------
    shape, chunks : shape of the array and of its chunks
    most : maximum number of points in a block
    """
    # number of points below each index of a dimension
    sizes = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    cut = next(i for i, size in enumerate(sizes) if size <= most)
    step = max(1, most // sizes[cut])
    step = max(step - step % chunks[cut], min(step, chunks[cut]))
    for outer in np.ndindex(shape[:cut]):
        for start in range(0, shape[cut], step):
            rows = slice(start, min(start + step, shape[cut]))
            inner = (slice(0, n) for n in shape[cut + 1 :])
            yield (*(slice(i, i + 1) for i in outer), rows, *inner)


def _columns(path: Path, file: h5py.File) -> Columns:
    kind = kind_of(file)
    if kind.columns:
        arrays = tuple(name for name in kind.columns if name in file)
        return Columns(path, file, kind.axes, arrays, {})
    axes = tuple(map(str, file.attrs["axes"]))
    others = file.attrs.get("auxiliary_signals", ())
    names = tuple(map(str, (file.attrs["signal"], *others)))
    if any("/" in name for name in (*axes, *names)):
        raise FileError(f"{path}: damaged: an axis or array is not in the root group")
    budget = Budget(path)
    scales = {axis: read_bounded(file[axis], budget) for axis in axes}
    return Columns(path, file, axes, names, scales)
