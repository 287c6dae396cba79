"""The Hessian of softmax regression on the handwritten digits, at its minimiser.

1,797 images of 8 × 8 pixels scaled to [0, 1] (scikit-learn's bundled copy of the UCI
set), 10 classes, 64 weights and a bias for each: n = 650. The loss is the mean cross
entropy plus 1e-3/2 times the squared weights; biases are free, and adding the same
number to all of them changes nothing, which is the one exact zero mode.

    python -m critdamp.data.problems.digits_softmax digits-softmax.h5
"""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from critdamp.data.spectra import save_spectrum
from critdamp.engine.spectrum import Spectrum

Floats = npt.NDArray[np.float64]

PENALTY = 1e-3
CLASSES = 10


def digits() -> tuple[Floats, Floats]:
    """Return inputs (1797, 65), the last column ones, and one-hot labels (1797, 10)."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    inputs = np.hstack([images / 16.0, np.ones((len(images), 1))])
    return inputs, np.eye(CLASSES)[labels]


def gradient_and_hessian(
    weights: Floats, inputs: Floats, targets: Floats
) -> tuple[Floats, Floats]:
    """Return the gradient (n,) and the exact Hessian (n, n) of the loss.

    Parameters
    ----------
    weights : (classes, features)
    inputs : (samples, features)
    targets : (samples, classes), one-hot
    """
    logits = inputs @ weights.T
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    penalty = np.full(weights.shape, PENALTY)
    penalty[:, -1] = 0.0
    gradient = (shares - targets).T @ inputs / len(inputs) + penalty * weights
    features = inputs.shape[1]
    hessian = np.diag(penalty.ravel()).reshape(CLASSES, features, CLASSES, features)
    for a in range(CLASSES):
        for b in range(a + 1):
            # the softmax's own curvature, p_a(δ_ab − p_b)
            bend = shares[:, a] * ((a == b) - shares[:, b]) / len(inputs)
            block = (inputs * bend[:, None]).T @ inputs
            hessian[a, :, b, :] += block
            if a != b:
                hessian[b, :, a, :] += block
    size = weights.size
    square = hessian.reshape(size, size)
    return gradient.ravel(), 0.5 * (square + square.T)


def minimiser(inputs: Floats, targets: Floats) -> Floats:
    """Return the weights (10, 65) where the gradient vanishes, by Newton's method.

    Raises
    ------
    RuntimeError
        The gradient did not vanish within 50 steps.
    """
    weights = np.zeros((CLASSES, inputs.shape[1]))
    for _ in range(50):
        gradient, hessian = gradient_and_hessian(weights, inputs, targets)
        if np.linalg.norm(gradient) < 1e-14:
            return weights
        # the least step leaves the zero mode alone
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-12)[0]
        weights = weights - step.reshape(weights.shape)
    raise RuntimeError(f"gradient {np.linalg.norm(gradient):.3g} after 50 steps")


def spectrum() -> tuple[Spectrum, float]:
    """Return the 650 eigenvalues at the minimiser, and the gradient's norm there."""
    inputs, targets = digits()
    gradient, hessian = gradient_and_hessian(
        minimiser(inputs, targets), inputs, targets
    )
    norm = float(np.linalg.norm(gradient))
    k = np.asarray(np.linalg.eigvalsh(hessian), dtype=np.float64)
    return Spectrum(k, name="digits-softmax"), norm


def main(path: Path) -> None:
    """Write the spectrum file."""
    found, norm = spectrum()
    comment = (
        "Exact Hessian of softmax regression on the 1,797 handwritten digits of "
        "scikit-learn, pixels / 16, L2 1e-3 on the weights, at the minimiser "
        f"(norm of the gradient {norm:.1e}); numpy.linalg.eigvalsh. "
        "One mode is zero: adding a number to all biases changes nothing."
    )
    save_spectrum(found, path, {"comment": comment})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
