"""Training tasks of the bundled problems: gradient, minimiser and Hessian."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from critdamp.engine.errors import InputError
from critdamp.engine.typing import Floats

from . import datasets
from .perceptron import Perceptron
from .softmax import Softmax

Report = Callable[[str], object]
PENALTY = 1e-3


@dataclass(frozen=True, eq=False)
class Task:
    """A loss and its minimum.

    Attributes
    ----------
    gradient : w (n,) → ∇E(w) (n,)
    minimiser : (n,)
    hessian : (n, n) at the minimiser
    """

    gradient: Callable[[Floats], Floats]
    minimiser: Floats
    hessian: Floats


def least_squares(data: str, report: Report) -> Task:
    """Return least squares: the mean of half the squared residuals."""
    inputs, targets = getattr(datasets, data)()
    targets = targets if targets.ndim == 1 else targets[:, -1]
    samples = len(inputs)
    return Task(
        lambda w: inputs.T @ (inputs @ w - targets) / samples,
        np.linalg.lstsq(inputs, targets, rcond=None)[0],
        inputs.T @ inputs / samples,
    )


def softmax(data: str, report: Report) -> Task:
    """Return softmax regression."""
    inputs, targets = getattr(datasets, data)()
    if data == "breast_cancer":  # the scales of the columns differ by factors of 10⁵
        scale = inputs[:, :-1].std(axis=0)
        inputs[:, :-1] = (inputs[:, :-1] - inputs[:, :-1].mean(axis=0)) / scale
    problem = Softmax(inputs, targets, PENALTY)
    report("searching the minimiser by Newton's method")
    minimiser = problem.minimiser()

    def gradient(w: Floats) -> Floats:
        return problem.gradient(w.reshape(minimiser.shape)).ravel()

    hessian = problem.gradient_and_hessian(minimiser)[1]
    return Task(gradient, minimiser.ravel(), hessian)


def perceptron(hidden: int, tolerance: float, most: int, report: Report) -> Task:
    """Return a perceptron on the digits with its whole Hessian."""
    net, minimiser = trained(hidden, tolerance, most, report)
    rows = [net.hessian_product(minimiser, unit) for unit in np.eye(net.size)]
    return Task(lambda w: net.loss_and_gradient(w)[1], minimiser, np.array(rows))


def trained(
    hidden: int, tolerance: float, most: int, report: Report, rate: float = 1.0
) -> tuple[Perceptron, Floats]:
    """Return a perceptron on the digits, and its parameters (n,) near a minimum.

    Parameters
    ----------
    hidden : number of hidden units
    tolerance, most, rate : as for `Perceptron.minimiser`
    report : called with a message before and after the training
    """
    net = Perceptron(*datasets.digits(), hidden, PENALTY)
    report(f"searching the minimiser of {net.size:,} parameters")
    minimiser = net.minimiser(tolerance, most, rate)
    norm = np.linalg.norm(net.loss_and_gradient(minimiser)[1])
    report(f"norm of the gradient at the minimiser: {norm:.2g}")
    return net, minimiser


TASKS: dict[str, Callable[[Report], Task]] = {
    "diabetes": partial(least_squares, "diabetes"),
    "breast-cancer": partial(least_squares, "breast_cancer"),
    "breast-cancer-softmax": partial(softmax, "breast_cancer"),
    "digits-softmax": partial(softmax, "digits"),
    "digits-mlp": partial(perceptron, 27, 1e-12, 20_000),
}


def task_of(name: str, report: Report) -> Task:
    """Return the training task of a problem.

    Raises
    ------
    InputError
        The name is unknown, or the problem has no training task.
    """
    if name not in TASKS:
        raise InputError(
            f"{name!r} has no training task; these have one: {', '.join(TASKS)}",
            "problem",
        )
    return TASKS[name](report)
