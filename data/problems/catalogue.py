"""Spectra of the Hessians of real problems on scikit-learn's bundled data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from critdamp.engine.backends.cache import cache_dir
from critdamp.engine.callbacks import ignore
from critdamp.engine.errors import CritdampError, InputError
from critdamp.engine.spectra.spectrum import Spectrum
from critdamp.engine.typing import Progress

from ..formats.spectrum_file import load_spectrum, save_spectrum
from ..storage.os_errors import failures

Report = Callable[[str], object]


def _least_squares(data: str, **_options: Any) -> Spectrum:
    from . import datasets

    return Spectrum.from_design(getattr(datasets, data)()[0])


def _of_task(name: str, report: Report, **_options: Any) -> Spectrum:
    from .tasks import task_of

    return Spectrum.from_hessian(task_of(name, report).hessian, report=report)


def _matrix_free(
    hidden: int, tolerance: float, most: int, report: Report, **options: Any
) -> Spectrum:
    from .tasks import trained

    net, minimiser = trained(hidden, tolerance, most, report, rate=0.5)
    product = partial(net.hessian_product, minimiser)
    return Spectrum.from_hessian(product, n=net.size, report=report, **options)


# name → description, and function that computes the spectrum
PROBLEMS: dict[str, tuple[str, Callable[..., Spectrum]]] = {
    "diabetes": (
        "least squares on the diabetes data, raw, with a bias; n = 11",
        partial(_least_squares, "diabetes"),
    ),
    "breast-cancer": (
        "least squares on the breast cancer data, raw, with a bias; n = 31",
        partial(_least_squares, "breast_cancer"),
    ),
    "breast-cancer-softmax": (
        "softmax regression, standardised, L2 1e-3 on the weights; n = 62",
        partial(_of_task, "breast-cancer-softmax"),
    ),
    "digits-softmax": (
        "softmax regression on the digits, L2 1e-3 on the weights; n = 650",
        partial(_of_task, "digits-softmax"),
    ),
    "digits-mlp": (
        "perceptron 64-27-10 on the digits, tanh, L2 1e-3; n = 2,035",
        partial(_of_task, "digits-mlp"),
    ),
    "digits-mlp-large": (
        "perceptron 64-670-10, near its minimum, matrix-free; n = 50,260",
        partial(_matrix_free, 670, 2e-3, 2000),
    ),
}


def problem_spectrum(
    name: str, *, report: Report = ignore, progress: Progress = ignore, **options: Any
) -> Spectrum:
    """Return the spectrum of the Hessian of a real problem at its minimiser.

    The spectrum is cached by name and options.

    Parameters
    ----------
    name : one of `PROBLEMS`
    report : called with a message before long computations and on their results
    progress : called with the number of products done and expected
    **options : steps, probes and seed of a quadrature, for large problems

    Raises
    ------
    InputError
        The name is unknown, or scikit-learn is not installed.
    FileError
        The cached spectrum cannot be written.
    """
    if name not in PROBLEMS:
        lines = "; ".join(f"{known}: {text}" for known, (text, _) in PROBLEMS.items())
        raise InputError(f"{name!r} is unknown; there are {lines}", "problem")
    path = _cached_path(name, options)
    if path.exists():
        try:
            return load_spectrum(path)
        except CritdampError:
            report(f"{path}: damaged; computed again")
    description, compute = PROBLEMS[name]
    unnamed = compute(report=report, progress=progress, **options)
    spectrum = replace(unnamed, name=name)
    with failures(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        save_spectrum(spectrum, path, {"comment": description})
    return spectrum


def _cached_path(name: str, options: dict[str, Any]) -> Path:
    """Return the path in the cache, which depends on options and on these sources."""
    digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return cache_dir() / "problems" / f"{name}-{digest.hexdigest()[:12]}.h5"
