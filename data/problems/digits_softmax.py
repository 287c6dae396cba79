"""The Hessian of softmax regression on the handwritten digits, at its minimiser.

1,797 images of 8 × 8 pixels scaled to [0, 1] (scikit-learn's bundled copy of the UCI
set), 10 classes, 64 weights and a bias for each: n = 650.

    python -m critdamp.data.problems.digits_softmax digits-softmax.h5
"""

import sys
from pathlib import Path

import numpy as np

from critdamp.engine.spectra.spectrum import Spectrum

from ..formats.spectrum_file import save_spectrum
from .datasets import digits
from .softmax import Softmax

PENALTY = 1e-3


def problem() -> Softmax:
    """Return the softmax regression on the digits."""
    return Softmax(*digits(), PENALTY)


def spectrum() -> tuple[Spectrum, float]:
    """Return the spectrum (650,) at the minimiser, and the norm of the gradient."""
    softmax = problem()
    gradient, hessian = softmax.gradient_and_hessian(softmax.minimiser())
    k = np.asarray(np.linalg.eigvalsh(hessian), dtype=np.float64)
    return Spectrum(k, name="digits-softmax"), float(np.linalg.norm(gradient))


def main(path: Path) -> None:
    """Compute the spectrum and write its file."""
    computed, norm = spectrum()
    comment = (
        "Exact Hessian of softmax regression on the 1,797 handwritten digits of "
        "scikit-learn, pixels / 16, L2 1e-3 on the weights, at the minimiser "
        f"(norm of the gradient {norm:.1e}); numpy.linalg.eigvalsh. "
        "One mode is zero: adding a number to all biases changes nothing."
    )
    save_spectrum(computed, path, {"comment": comment})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
