"""From a file of somebody's to a spectrum."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np

from critdamp.engine.callbacks import ignore
from critdamp.engine.errors import InputError
from critdamp.engine.spectra.per_weight import inverse_diagonal, scaled
from critdamp.engine.spectra.spectrum import Spectrum
from critdamp.engine.validation import real

from ..formats.kinds import SPECTRUM
from ..formats.spectrum_file import bundled_spectra, load_spectrum
from .matrix_files import dense, read_matrix
from .text import listed

Meaning = Literal["auto", "hessian", "design", "eigenvalues"]
# names under which packages keep eigenvalues or Ritz values, and their weights
VALUES = ("k", "eigenvalues", "ritz_values", "raw_eigenvalues", "eigvals", "nodes")
WEIGHTS = ("weights", "raw_weights", "ritz_weights", "multiplicities")


def read_spectrum(
    source: str | Path,
    meaning: Meaning = "auto",
    *,
    per_weight: bool = False,
    report: Callable[[str], object] = ignore,
    **options: Any,
) -> Spectrum:
    """Return the spectrum of what a file holds, however it was made.

    Parameters
    ----------
    source : a spectrum file, one in the box, or what `matrices.read_matrix` reads
    meaning : a square matrix is a "hessian", a vector are "eigenvalues"; a "design"
        matrix, samples × features, has to be said to be one
    per_weight : of D^−½HD^−½ with D the diagonal of a Hessian H, the one that counts
        where each weight has the learning rate ε/h_ii
    report : called with a line on what takes long, or was found
    **options : of `Spectrum.from_hessian`, for a Hessian

    Raises
    ------
    InputError
        It cannot be read, or is none of these.
    """
    if str(source) in bundled_spectra() or _is_ours(Path(source)):
        _refuse(per_weight)
        return load_spectrum(source)
    found = read_matrix(source)
    try:
        with np.errstate(all="ignore"):  # what overflows is refused as not finite
            if not per_weight:
                return _spectrum(found, meaning, report, options)
            _refuse(meaning in ("design", "eigenvalues") or np.ndim(found) == 1)
            _refuse(isinstance(found, Mapping))
            return Spectrum.from_hessian(
                scaled(found, inverse_diagonal(found)), report=report, **options
            )
    except InputError as error:
        if error.parameter:  # not about the file
            raise
        raise InputError(f"{source}: {error}") from error
    except MemoryError:
        raise InputError(f"{source}: does not fit into the memory") from None


def _refuse(wrong: bool) -> None:
    if wrong:
        raise InputError("rates for each weight take a Hessian, which this is none of")


def _is_ours(path: Path) -> bool:
    try:
        if not (path.is_file() and h5py.is_hdf5(path)):
            return False
        with h5py.File(path, "r") as file:
            kind = file.attrs.get("format")
    except Exception:  # whoever reads it says what is wrong
        return False
    return isinstance(kind, str) and kind == SPECTRUM.format


def _spectrum(
    found: Any, meaning: Meaning, report: Callable[[str], object], options: Any
) -> Spectrum:
    name = options.get("name", "")
    vector = getattr(found, "ndim", 2) == 1 or meaning in ("design", "eigenvalues")
    if options.get("displacement") is not None and vector:
        raise InputError("a displacement goes with a Hessian, which this is none of")
    if isinstance(found, Mapping):
        named = _named(found)
        if named is None:
            raise InputError(
                f"holds {len(found)} arrays, {listed(found)}; say which one, as "
                "FILE:NAME"
            )
        return from_eigenvalues(*named, name=name)
    if found.ndim == 1 and meaning in ("auto", "eigenvalues"):
        return from_eigenvalues(found, name=name)
    if meaning == "eigenvalues":
        return _columns(found, name)
    if meaning == "design":
        matrix = dense(found)
        columns = matrix[:, None] if matrix.ndim == 1 else matrix
        return Spectrum.from_design(columns, name=name)
    return Spectrum.from_hessian(found, report=report, **options)


def _named(arrays: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """Return eigenvalues and their weights, if any, by the names that they have."""
    k = next((arrays[name] for name in VALUES if name in arrays), None)
    weights = next((arrays[name] for name in WEIGHTS if name in arrays), None)
    return None if k is None else (k, weights)


def _columns(table: Any, name: str) -> Spectrum:
    """Return a spectrum from a table of k, or of k and weight."""
    matrix = np.asarray(dense(table))
    if matrix.ndim == 2 and matrix.shape[0] == 1:
        matrix = matrix.T
    if matrix.ndim != 2 or matrix.shape[1] not in (1, 2):
        raise InputError(
            f"shape {matrix.shape}: eigenvalues are a vector, or rows of k and weight"
        )
    return from_eigenvalues(*matrix.T, name=name)


def from_eigenvalues(k: Any, weights: Any = None, *, name: str = "") -> Spectrum:
    """Return a spectrum from eigenvalues in any order, and their weights.

    Several runs of a quadrature, as rows, share their weights.

    Raises
    ------
    InputError
        A value is no finite real number, or the shapes differ.
    """
    values = real(k)
    masses = np.ones(values.shape) if weights is None else real(weights)
    if masses.shape != values.shape:
        raise InputError(f"shape {masses.shape} for {values.shape} of k", "weights")
    if values.ndim == 2 and 1 not in values.shape:
        masses = masses / len(values)
    nodes = np.asarray(values, dtype=np.float64).ravel()
    masses = np.asarray(masses, dtype=np.float64).ravel()
    order = np.argsort(nodes, kind="stable")
    order = order[masses[order] != 0.0]  # nodes without weight are none
    return Spectrum(nodes[order], masses[order], name=name)
