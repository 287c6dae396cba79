"""What the problems in the box train: gradient, minimiser, and the Hessian there."""

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
    """A loss near its minimum.

    Attributes
    ----------
    gradient : w → ∇E(w), (n,)
    minimiser : (n,)
    hessian : (n, n) at the minimiser
    """

    gradient: Callable[[Floats], Floats]
    minimiser: Floats
    hessian: Floats


def least_squares(data: str, report: Report) -> Task:
    """Return the mean of half the squared residuals."""
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
    if data == "breast_cancer":  # columns differ by factors of 10⁵
        spread = inputs[:, :-1].std(axis=0)
        inputs[:, :-1] = (inputs[:, :-1] - inputs[:, :-1].mean(axis=0)) / spread
    problem = Softmax(inputs, targets, PENALTY)
    report("looking for the minimiser by Newton's method")
    at = problem.minimiser()

    def gradient(w: Floats) -> Floats:
        return problem.gradient(w.reshape(at.shape)).ravel()

    return Task(gradient, at.ravel(), problem.gradient_and_hessian(at)[1])


def perceptron(hidden: int, tolerance: float, most: int, report: Report) -> Task:
    """Return a perceptron on the digits, small enough for its whole Hessian."""
    net, at = trained(hidden, tolerance, most, report)
    rows = [net.hessian_product(at, unit) for unit in np.eye(net.size)]
    return Task(lambda w: net.loss_and_gradient(w)[1], at, np.array(rows))


def trained(
    hidden: int, tolerance: float, most: int, report: Report
) -> tuple[Perceptron, Floats]:
    """Return a perceptron and its parameters at, or near, a minimum."""
    net = Perceptron(*datasets.digits(), hidden, PENALTY)
    report(f"looking for the minimiser of {net.size:,} parameters")
    at = net.minimiser(tolerance, most)
    norm = np.linalg.norm(net.loss_and_gradient(at)[1])
    report(f"the norm of the gradient is {norm:.2g} there")
    return net, at


TASKS: dict[str, Callable[[Report], Task]] = {
    "diabetes": partial(least_squares, "diabetes"),
    "breast-cancer": partial(least_squares, "breast_cancer"),
    "breast-cancer-softmax": partial(softmax, "breast_cancer"),
    "digits-softmax": partial(softmax, "digits"),
    "digits-mlp": partial(perceptron, 27, 1e-12, 20_000),
}


def task_of(name: str, report: Report) -> Task:
    """Return the task of a problem.

    Raises
    ------
    InputError
        There is none of this name, or it has no minimiser.
    """
    if name not in TASKS:
        raise InputError(
            f"{name!r} has no training; {', '.join(TASKS)} have", "problem"
        )
    return TASKS[name](report)
