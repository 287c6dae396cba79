"""The kinds of file that critdamp writes; `KINDS` lists them."""

from pathlib import Path

import h5py

from ..storage.open_hdf5 import Kind, open_file
from .unfinished import how_to_go_on

RUN = Kind(
    "critdamp-run",
    1,
    "a run",
    needs=("plan",),
    if_missing=how_to_go_on,
)
SPECTRUM = Kind(
    "critdamp-spectrum",
    1,
    "a spectrum",
    needs=("k", "weights", "displacement"),
    axes=("mode",),
    columns=("k", "weights", "displacement", "residuals"),
    made_by="`critdamp spectrum` makes a spectrum of a matrix or of eigenvalues",
)
TRAJECTORY = Kind("critdamp-trajectory", 1, "a trajectory", needs=("distance",))

KINDS = (RUN, SPECTRUM, TRAJECTORY)


def open_kind(path: Path, *kinds: Kind) -> h5py.File:
    """Return the opened file of one of the given kinds, of any kind by default.

    Raises
    ------
    FileError
        The file is missing, unfinished, damaged, foreign, of another kind, or written
        by a newer critdamp.
    """
    return open_file(path, *(kinds or KINDS), others=KINDS)


def kind_of(file: h5py.File) -> Kind:
    """Return the kind of an open file that `open_kind` returned."""
    return next(kind for kind in KINDS if kind.format == file.attrs["format"])
