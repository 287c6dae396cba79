"""Spectrum of any file: a spectrum file, a Hessian, a design matrix or eigenvalues."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from critdamp.engine.callbacks import ignore
from critdamp.engine.errors import InputError
from critdamp.engine.spectra.per_weight import inverse_diagonal, scaled
from critdamp.engine.spectra.spectrum import Spectrum
from critdamp.engine.typing import Report
from critdamp.engine.validation import real

from ..formats.kinds import SPECTRUM
from ..formats.spectrum_file import bundled_spectra, load_spectrum
from ..storage.bounded_read import Attributes
from ..storage.memory_budget import allowing
from ..storage.open_hdf5 import is_hdf5, open_to_read
from .matrix_files import dense, read_contents
from .text import VALUES, WEIGHTS, counted, several_arrays
from .text_table import Layout

Meaning = Literal["auto", "hessian", "design", "eigenvalues"]
_CALLED: dict[Meaning, str] = {
    "hessian": "a Hessian",
    "design": "a design matrix, samples × features",
    "eigenvalues": "eigenvalues",
}


def read_spectrum(
    source: str | Path,
    meaning: Meaning = "auto",
    *,
    per_weight: bool = False,
    header: bool | None = None,
    index: bool | None = None,
    max_memory: float | str | None = None,
    report: Report = ignore,
    **options: Any,
) -> Spectrum:
    """Return the spectrum of a file.

    Parameters
    ----------
    source : path of a spectrum file, name of a bundled spectrum, or any source of
        `matrix_files.read_contents`
    meaning : "auto" takes a square matrix as "hessian", and a vector, a row or a column
        as "eigenvalues"; a "design" matrix (samples, features) has to be declared
    per_weight : return the spectrum of D^−½HD^−½, with D the diagonal of the Hessian H,
        which applies if each weight has the learning rate ε/h_ii
    header : whether line 1 of a text file holds names of columns
    index : whether the first column of a text file is an index, not data; an error
        asks for header and index where the file leaves them open
    max_memory : bytes that reading the file may take, or a text like "4GB"; by default
        half of what is free, and 100 times the size of the file
    report : called with a message on what was read, before long computations, and on
        their results
    **options : of `Spectrum.from_hessian`, for a Hessian

    Raises
    ------
    InputError
        The file cannot be read, or has another meaning.
    FileError
        A spectrum file is damaged, or a file takes more memory.
    """
    with allowing(max_memory):
        return _read(
            source, meaning, per_weight, Layout(header, index), report, options
        )


def _read(
    source: str | Path,
    meaning: Meaning,
    per_weight: bool,
    layout: Layout,
    report: Report,
    options: dict[str, Any],
) -> Spectrum:
    if str(source) in bundled_spectra() or _is_spectrum_file(Path(source)):
        _require_hessian(not per_weight)
        return _loaded(source, report)
    matrix, description = read_contents(source, layout)
    meaning = _meaning(matrix, meaning)
    read = f"{source}: {description}, taken as {_CALLED[meaning]}"
    report = _preceded(read, report)
    try:
        with np.errstate(all="ignore"):  # overflow is refused later as not finite
            if per_weight:
                _require_hessian(meaning == "hessian")
                matrix = scaled(matrix, inverse_diagonal(matrix))
            spectrum = _spectrum(source, matrix, meaning, report, options)
            report("")
            return spectrum
    except InputError as error:
        if error.parameter:  # about an option, not the file
            raise
        raise InputError(f"{source}: {error.message}", advice=error.advice) from error
    except MemoryError:
        raise InputError(f"{source}: does not fit into memory") from None


def _preceded(first: str, report: Report) -> Report:
    """Return a report that says `first` before the first message, even an empty one.

    A file that is refused is so in one line.
    """
    waiting = [first]

    def tell(line: str) -> None:
        for text in (*waiting, line):
            if text:
                report(text)
        waiting.clear()

    return tell


def _loaded(source: str | Path, report: Report) -> Spectrum:
    spectrum = load_spectrum(source)
    report(f"{source}: a spectrum, {counted(len(spectrum), 'entry', 'entries')}")
    return spectrum


def _meaning(matrix: Any, meaning: Meaning) -> Meaning:
    """Return the meaning of a matrix; by default a square one is a Hessian."""
    if meaning != "auto":
        return meaning
    if isinstance(matrix, Mapping):
        return "eigenvalues"
    is_vector = matrix.ndim == 1 or (1 in matrix.shape and matrix.shape != (1, 1))
    return "eigenvalues" if is_vector else "hessian"


def _require_hessian(is_hessian: bool) -> None:
    if not is_hessian:
        raise InputError("rates for each weight need a Hessian, which this is not")


def _is_spectrum_file(path: Path) -> bool:
    try:
        if not is_hdf5(path):
            return False
        with open_to_read(path, foreign=True) as file:
            stored = Attributes(file).get("format")
    except Exception:  # the reader of the file reports the error
        return False
    return isinstance(stored, str) and stored == SPECTRUM.format


def _spectrum(
    source: str | Path, matrix: Any, meaning: Meaning, report: Report, options: Any
) -> Spectrum:
    """Return the spectrum of an array, a sparse matrix, or arrays by name."""
    name = options.get("name", "")
    if options.get("displacement") is not None and meaning != "hessian":
        raise InputError("a displacement needs a Hessian, which this is not")
    if isinstance(matrix, Mapping):
        named = _named_eigenvalues(matrix)
        if named is None:
            raise InputError(several_arrays(matrix))
        return from_eigenvalues(*named, name=name)
    if meaning == "eigenvalues":
        return _from_table(source, matrix, name)
    if meaning == "design":
        design = dense(matrix, source)
        columns = design[:, None] if design.ndim == 1 else design
        return Spectrum.from_design(columns, name=name)
    return Spectrum.from_hessian(matrix, report=report, **options)


def _named_eigenvalues(arrays: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """Return eigenvalues, and weights or None, of arrays with well-known names."""
    k = next((arrays[name] for name in VALUES if name in arrays), None)
    weights = next((arrays[name] for name in WEIGHTS if name in arrays), None)
    return None if k is None else (k, weights)


def _from_table(source: str | Path, table: Any, name: str) -> Spectrum:
    """Return the spectrum of a table with columns k, or k and weight."""
    matrix = np.asarray(dense(table, source))
    if 1 in matrix.shape or matrix.ndim == 1:
        return from_eigenvalues(matrix.ravel(), name=name)
    if matrix.ndim != 2 or matrix.shape[1] != 2:
        raise InputError(
            f"shape {matrix.shape}: eigenvalues are a vector, or rows of k and weight"
        )
    return from_eigenvalues(*matrix.T, name=name)


def from_eigenvalues(k: Any, weights: Any = None, *, name: str = "") -> Spectrum:
    """Return the spectrum of eigenvalues with weights, in any order.

    Parameters
    ----------
    k : (n,) eigenvalues, or (runs, n) nodes of several runs of a quadrature, whose
        weights are divided by the number of runs
    weights : of the shape of k, 1 by default; nodes of weight 0 are dropped
    name : name of the spectrum

    Raises
    ------
    InputError
        A value is not a finite real number, or the shapes differ.
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
    order = order[masses[order] != 0.0]
    return Spectrum(nodes[order], masses[order], name=name)
