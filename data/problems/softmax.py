"""Softmax regression: loss, gradient, exact Hessian, and minimiser."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from critdamp.engine.typing import Floats


@dataclass(frozen=True, eq=False)
class Softmax:
    """Mean cross entropy plus penalty/2 times the squared weights without biases.

    Adding one number to all biases leaves the loss unchanged: there is one exact zero
    mode.

    Attributes
    ----------
    inputs : (samples, features), the last column ones
    targets : (samples, classes), one-hot
    penalty : L2 penalty on all weights but the biases
    """

    inputs: Floats
    targets: Floats
    penalty: float

    def gradient(self, weights: Floats) -> Floats:
        """Return the gradient (classes, features) of the loss."""
        return self._probabilities_and_gradient(weights)[1]

    def _probabilities_and_gradient(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return class probabilities (samples, classes), and the gradient."""
        logits = self.inputs @ weights.T
        probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        gradient = (probabilities - self.targets).T @ self.inputs / len(self.inputs)
        return probabilities, gradient + self._penalties(weights.shape) * weights

    def _penalties(self, shape: tuple[int, ...]) -> Floats:
        """Return the penalty of each weight; that of the biases is zero."""
        penalty = np.full(shape, self.penalty)
        penalty[:, -1] = 0.0
        return penalty

    def gradient_and_hessian(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return the gradient (n,) and the exact Hessian (n, n) of the loss.

        Parameters
        ----------
        weights : (classes, features)
        """
        inputs, classes = self.inputs, self.targets.shape[1]
        samples, features = inputs.shape
        probabilities, gradient = self._probabilities_and_gradient(weights)
        penalty = self._penalties(weights.shape)
        hessian = np.diag(penalty.ravel()).reshape(classes, features, classes, features)
        for a in range(classes):
            for b in range(a + 1):
                # second derivative of the cross entropy, p_a(δ_ab − p_b)
                factor = probabilities[:, a] * ((a == b) - probabilities[:, b])
                block = (inputs * (factor / samples)[:, None]).T @ inputs
                hessian[a, :, b, :] += block
                if a != b:
                    hessian[b, :, a, :] += block
        square = hessian.reshape(weights.size, weights.size)
        return gradient.ravel(), 0.5 * (square + square.T)

    def minimiser(self) -> Floats:
        """Return the weights (classes, features) with zero gradient, by Newton steps.

        Raises
        ------
        RuntimeError
            The gradient is not zero to rounding after 50 steps.
        """
        weights = np.zeros((self.targets.shape[1], self.inputs.shape[1]))
        for _ in range(50):
            gradient, hessian = self.gradient_and_hessian(weights)
            if np.linalg.norm(gradient) < 1e-14:
                return weights
            # the minimum-norm step leaves the zero mode unchanged
            step = np.linalg.lstsq(hessian, gradient, rcond=1e-12)[0]
            weights = weights - step.reshape(weights.shape)
        raise RuntimeError(f"gradient {np.linalg.norm(gradient):.3g} after 50 steps")
