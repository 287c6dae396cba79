"""Softmax regression: loss, gradient, exact Hessian, and the minimiser by Newton."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from critdamp.engine.typing import Floats


@dataclass(frozen=True, eq=False)
class Softmax:
    """Mean cross entropy plus penalty/2 times the squared weights; biases are free.

    Adding the same number to all biases changes nothing, which is the one exact zero
    mode.

    Attributes
    ----------
    inputs : (samples, features), the last column ones
    targets : (samples, classes), one-hot
    penalty : of the weights
    """

    inputs: Floats
    targets: Floats
    penalty: float

    def gradient(self, weights: Floats) -> Floats:
        """Return the gradient of the loss, of the shape of the weights."""
        return self._probabilities_and_gradient(weights)[1]

    def _probabilities_and_gradient(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return what each class has of each sample, and the gradient."""
        logits = self.inputs @ weights.T
        probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        gradient = (probabilities - self.targets).T @ self.inputs / len(self.inputs)
        return probabilities, gradient + self._penalties(weights.shape) * weights

    def _penalties(self, shape: tuple[int, ...]) -> Floats:
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
                # the softmax's own curvature, p_a(δ_ab − p_b)
                bend = probabilities[:, a] * ((a == b) - probabilities[:, b]) / samples
                block = (inputs * bend[:, None]).T @ inputs
                hessian[a, :, b, :] += block
                if a != b:
                    hessian[b, :, a, :] += block
        square = hessian.reshape(weights.size, weights.size)
        return gradient.ravel(), 0.5 * (square + square.T)

    def minimiser(self) -> Floats:
        """Return the weights (classes, features) where the gradient vanishes.

        Raises
        ------
        RuntimeError
            The gradient did not vanish within 50 steps of Newton's method.
        """
        weights = np.zeros((self.targets.shape[1], self.inputs.shape[1]))
        for _ in range(50):
            gradient, hessian = self.gradient_and_hessian(weights)
            if np.linalg.norm(gradient) < 1e-14:
                return weights
            # the least step leaves the zero mode alone
            step = np.linalg.lstsq(hessian, gradient, rcond=1e-12)[0]
            weights = weights - step.reshape(weights.shape)
        raise RuntimeError(f"gradient {np.linalg.norm(gradient):.3g} after 50 steps")
