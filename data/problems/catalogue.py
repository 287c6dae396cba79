"""Real problems: from scikit-learn's bundled data to a Hessian and its spectrum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from critdamp.engine.backends.cache import cache_dir
from critdamp.engine.callbacks import ignore
from critdamp.engine.errors import CritdampError, InputError
from critdamp.engine.spectra.spectrum import Spectrum

from ..formats.spectrum_file import load_spectrum, save_spectrum
from ..storage.os_errors import failures

Report = Callable[[str], object]


def _least_squares(data: str, **_ways: Any) -> Spectrum:
    from . import datasets

    return Spectrum.from_design(getattr(datasets, data)()[0])


def _of_task(name: str, report: Report, **_ways: Any) -> Spectrum:
    from .tasks import task_of

    return Spectrum.from_hessian(task_of(name, report).hessian, report=report)


def _matrix_free(
    hidden: int, tolerance: float, most: int, report: Report, **ways: Any
) -> Spectrum:
    from .tasks import trained

    net, at = trained(hidden, tolerance, most, report)
    return Spectrum.from_hessian(partial(net.hessian_product, at), n=net.size, **ways)


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
        partial(_matrix_free, 670, 2e-3, 300),
    ),
}


def problem_spectrum(name: str, *, report: Report = ignore, **options: Any) -> Spectrum:
    """Return the spectrum of a real problem's Hessian at its minimiser.

    It is kept for the next time, by its name and options.

    Parameters
    ----------
    name : one of `PROBLEMS`
    report : called with a line on what takes long
    **options : steps, probes and seed of a quadrature, where one is needed

    Raises
    ------
    InputError
        The name is unknown, or scikit-learn is not there.
    """
    if name not in PROBLEMS:
        lines = "; ".join(f"{known}: {what}" for known, (what, _) in PROBLEMS.items())
        raise InputError(f"{name!r} is unknown; there are {lines}", "problem")
    path = _kept(name, options)
    if path.exists():
        try:
            return load_spectrum(path)
        except CritdampError:
            report(f"{path} is damaged, and made again")
    what, make = PROBLEMS[name]
    k = make(report=report, **options)
    found = Spectrum(
        k.k, k.weights, k.displacement, name, k.residuals, tolerance=k.tolerance
    )
    with failures(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        save_spectrum(found, path, {"comment": what})
    return found


def _kept(name: str, options: dict[str, Any]) -> Path:
    digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return cache_dir() / "problems" / f"{name}-{digest.hexdigest()[:12]}.h5"
