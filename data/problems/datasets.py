"""Inputs and targets of scikit-learn's bundled data sets."""

from __future__ import annotations

from typing import Any

import numpy as np

from critdamp.engine.extras import load
from critdamp.engine.typing import Floats


def _load(name: str) -> tuple[Any, Any]:
    datasets = load("sklearn.datasets", "problems")
    options = {"scaled": False} if name == "diabetes" else {}
    inputs, targets = getattr(datasets, f"load_{name}")(return_X_y=True, **options)
    return inputs, targets


def with_bias(inputs: Floats) -> Floats:
    """Return inputs with a last column of ones."""
    return np.hstack([inputs, np.ones((len(inputs), 1))])


def digits() -> tuple[Floats, Floats]:
    """Return inputs (1797, 65) in [0, 1] and one-hot targets (1797, 10).

    The last column of the inputs is ones.
    """
    images, labels = _load("digits")
    return with_bias(images / 16.0), np.eye(10)[labels]


def breast_cancer() -> tuple[Floats, Floats]:
    """Return raw inputs (569, 31) and one-hot targets (569, 2).

    The last column of the inputs is ones.
    """
    inputs, labels = _load("breast_cancer")
    return with_bias(inputs), np.eye(2)[labels]


def diabetes() -> tuple[Floats, Floats]:
    """Return raw inputs (442, 11) and targets (442,).

    The last column of the inputs is ones.
    """
    inputs, targets = _load("diabetes")
    return with_bias(inputs), targets
