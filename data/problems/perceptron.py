"""A multilayer perceptron: loss, gradient and exact Hessian-vector products in NumPy.

One hidden layer of tanh, softmax, mean cross entropy, and penalty/2 times all squared
parameters. The product with the Hessian is the derivative of the gradient along a
vector (Pearlmutter 1994), forwards and backwards once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from critdamp.engine.typing import Floats


@dataclass(frozen=True, eq=False)
class Perceptron:
    """A net of one hidden layer on given data.

    Attributes
    ----------
    inputs : (samples, features), the last column ones
    targets : (samples, classes), one-hot
    hidden : how many hidden units
    penalty : of all parameters
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
        """Return parameters to begin with."""
        first, second, bias = self._layers(
            np.random.default_rng(seed).standard_normal(self.size)
        )
        scaled = (
            first / np.sqrt(first.shape[1]),
            second / np.sqrt(self.hidden),
            0 * bias,
        )
        return np.concatenate([part.ravel() for part in scaled])

    def _forward(self, parameters: Floats) -> tuple[Floats, Floats, Floats]:
        """Return hidden values, logits less their maximum, and class shares."""
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
        gradient = (back.T @ self.inputs, out.T @ hidden, out.sum(axis=0))
        flat = np.concatenate([part.ravel() for part in gradient])
        return float(loss), flat + self.penalty * parameters

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
        product = (
            back_along.T @ self.inputs,
            out_along.T @ hidden + out.T @ hidden_along,
            out_along.sum(axis=0),
        )
        flat = np.concatenate([part.ravel() for part in product])
        return flat + self.penalty * vector

    def minimiser(self, tolerance: float, most: int) -> Floats:
        """Return parameters where the gradient is small, by L-BFGS and then Newton.

        Parameters
        ----------
        tolerance : for the norm of the gradient; Newton's method sees to it
        most : iterations of L-BFGS

        Raises
        ------
        RuntimeError
            The norm of the gradient is still above the tolerance.
        """
        from scipy.optimize import minimize

        reached = minimize(
            self.loss_and_gradient,
            self.start(),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": most, "maxfun": 2 * most, "ftol": 0.0, "gtol": 1e-7},
        )
        found: Floats = np.asarray(reached.x)
        for _ in range(20):
            gradient = self.loss_and_gradient(found)[1]
            if np.linalg.norm(gradient) <= tolerance:
                return found
            found = found - self._newton_step(found, gradient)
        raise RuntimeError(f"gradient {np.linalg.norm(gradient):.3g} after all steps")

    def _newton_step(self, at: Floats, gradient: Floats) -> Floats:
        from scipy.sparse.linalg import LinearOperator, cg

        def product(vector: Floats) -> Floats:
            return self.hessian_product(at, vector.ravel())

        shape = (self.size, self.size)
        operator = LinearOperator(shape, matvec=product, dtype=np.float64)
        return np.asarray(cg(operator, gradient, rtol=1e-4, maxiter=3000)[0])
