"""A multilayer perceptron: loss, gradient and exact Hessian-vector products in NumPy.

One hidden layer of tanh units, softmax, mean cross entropy, and penalty/2 times the sum
of all squared parameters. The product with the Hessian is the derivative of the
gradient along a vector (Pearlmutter 1994), by one forward and one backward pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from critdamp.engine.typing import Floats

# of the heavy ball, and the norm of the gradient from which on Newton's method is used
_MOMENTUM, _NEAR = 0.98, 1e-6


@dataclass(frozen=True, eq=False)
class Perceptron:
    """A network with one hidden layer and its training data.

    Attributes
    ----------
    inputs : (samples, features), the last column ones
    targets : (samples, classes), one-hot
    hidden : number of hidden units
    penalty : L2 penalty on all parameters
    """

    inputs: Floats
    targets: Floats
    hidden: int
    penalty: float

    @property
    def size(self) -> int:
        """Return the number of parameters."""
        features, classes = self.inputs.shape[1], self.targets.shape[1]
        return int(self.hidden * features + classes * (self.hidden + 1))

    def _layers(self, vector: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the (hidden, features), (classes, hidden) and (classes,) parts."""
        features, classes = self.inputs.shape[1], self.targets.shape[1]
        cuts = np.cumsum([self.hidden * features, classes * self.hidden])
        first, second, bias = np.split(vector, cuts)
        shape = classes, self.hidden
        return first.reshape(self.hidden, features), second.reshape(shape), bias

    def start(self, seed: int = 0) -> Floats:
        """Return initial parameters (n,), random with variance 1/inputs of a unit."""
        first, second, bias = self._layers(
            np.random.default_rng(seed).standard_normal(self.size)
        )
        return _flat(
            first / np.sqrt(first.shape[1]), second / np.sqrt(self.hidden), 0 * bias
        )

    def _forward(self, parameters: Floats) -> tuple[Floats, Floats, Floats]:
        """Return hidden values, logits less their maximum, and class probabilities."""
        first, second, bias = self._layers(parameters)
        hidden = np.tanh(self.inputs @ first.T)
        logits = hidden @ second.T + bias
        logits -= logits.max(axis=1, keepdims=True)
        probabilities = np.exp(logits)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        return hidden, logits, probabilities

    def loss_and_gradient(self, parameters: Floats) -> tuple[float, Floats]:
        """Return the loss and its gradient (n,) at parameters (n,)."""
        _, second, _ = self._layers(parameters)
        hidden, logits, probabilities = self._forward(parameters)
        entropy = np.log(np.exp(logits).sum(axis=1)) - (logits * self.targets).sum(
            axis=1
        )
        loss = entropy.mean() + 0.5 * self.penalty * (parameters @ parameters)
        out = (probabilities - self.targets) / len(self.inputs)
        back = (out @ second) * (1.0 - hidden**2)
        gradient = _flat(back.T @ self.inputs, out.T @ hidden, out.sum(axis=0))
        return float(loss), gradient + self.penalty * parameters

    def hessian_product(self, parameters: Floats, vector: Floats) -> Floats:
        """Return the Hessian at parameters (n,) times a vector (n,)."""
        _, second, _ = self._layers(parameters)
        along_first, along_second, along_bias = self._layers(vector)
        hidden, _, probabilities = self._forward(parameters)
        slope = 1.0 - hidden**2
        hidden_along = slope * (self.inputs @ along_first.T)
        logits_along = hidden_along @ second.T + hidden @ along_second.T + along_bias
        mean = (probabilities * logits_along).sum(axis=1, keepdims=True)
        out = (probabilities - self.targets) / len(self.inputs)
        out_along = probabilities * (logits_along - mean) / len(self.inputs)
        back_along = (out_along @ second + out @ along_second) * slope
        back_along -= (out @ second) * 2.0 * hidden * hidden_along
        product = _flat(
            back_along.T @ self.inputs,
            out_along.T @ hidden + out.T @ hidden_along,
            out_along.sum(axis=0),
        )
        return product + self.penalty * vector

    def minimiser(self, tolerance: float, most: int, rate: float = 1.0) -> Floats:
        """Return parameters (n,) with a small gradient, by the heavy ball and Newton.

        The loss has many minima. With constant ε and p the path from the start is
        smooth, and ends at the same one where rounding differs; L-BFGS, whose line
        search decides by last digits, ends at others on other processors.

        Parameters
        ----------
        tolerance : norm of the gradient up to which Newton's method continues
        most : maximum number of iterations of the heavy ball
        rate : its learning rate; wide nets need a smaller one

        Raises
        ------
        RuntimeError
            The norm of the gradient is above the tolerance after 20 Newton steps.
        """
        parameters = self.start()
        velocity = np.zeros_like(parameters)
        for _ in range(most):
            gradient = self.loss_and_gradient(parameters)[1]
            if np.linalg.norm(gradient) <= max(_NEAR, tolerance):
                break
            velocity = _MOMENTUM * velocity - rate * gradient
            parameters = parameters + velocity
        for _ in range(20):
            gradient = self.loss_and_gradient(parameters)[1]
            if np.linalg.norm(gradient) <= tolerance:
                return parameters
            parameters = parameters - self._newton_step(parameters, gradient)
        raise RuntimeError(f"gradient {np.linalg.norm(gradient):.3g} after all steps")

    def _newton_step(self, parameters: Floats, gradient: Floats) -> Floats:
        from scipy.sparse.linalg import LinearOperator, cg

        def product(vector: Floats) -> Floats:
            return self.hessian_product(parameters, vector.ravel())

        shape = (self.size, self.size)
        operator = LinearOperator(shape, matvec=product, dtype=np.float64)
        return np.asarray(cg(operator, gradient, rtol=1e-4, maxiter=3000)[0])


def _flat(*parts: Floats) -> Floats:
    """Return the elements of arrays as one vector."""
    return np.concatenate([part.ravel() for part in parts])
