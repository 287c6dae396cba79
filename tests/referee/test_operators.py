"""Lanczos spectra: what counts as converged is right, and the bounds hold.

The oracle is the construction: operators are made from their eigenvalues.
"""

import effort
import numpy as np
import operators
import pytest

import critdamp as cd

pytestmark = pytest.mark.oracle

COUNT = effort.number("OPERATORS", 24, 225)


def wrong_ends(found, k):
    """Return the ends that count as converged and are more than 1 % off."""
    scale = np.abs(k).max()
    zero = max(found.zero_tolerance, k.size * 2.0**-52 * scale)
    positive, wrong = k[k > zero], []
    if found.kmin_converged and positive.size:
        # what lies within rounding of the tolerance may count as zero or not
        near = np.abs(k[k > 0.9 * zero].min() - found.summary()["kmin"])
        if near > 0.011 * positive.min():
            wrong.append(("kmin", found.summary()["kmin"], positive.min()))
    if found.kmax_converged and abs(found.k[-1] - k[-1]) > 0.011 * abs(k[-1]):
        wrong.append(("kmax", found.k[-1], k[-1]))
    return wrong


@pytest.mark.parametrize("kind", ["operator", "sparse", "small"])
def test_what_counts_as_converged_is_right(kind, counts):
    wrong, converged, number = [], 0, COUNT // 3
    for seed in range(number):
        rng = np.random.default_rng([seed, len(kind)])
        n = int(rng.integers(10, 400) if kind == "small" else rng.integers(2001, 3000))
        k = operators.spectrum(rng, n)
        options = {"steps": int(rng.choice([1, 10, 50, 100])), "seed": seed}
        if kind == "sparse":
            found = cd.Spectrum.from_hessian(
                operators.block_diagonal(rng, k), probes=2, **options
            )
        else:
            product = operators.reflected(rng, k)
            found = cd.Spectrum.from_hessian(product, n=n, **options)
        wrong += [(kind, seed, *one) for one in wrong_ends(found, k)]
        converged += found.kmin_converged
        distance = np.abs(k[:, None] - found.k).min(axis=0)
        if np.any(distance > found.residuals * (1 + 1e-12)):
            wrong.append((kind, seed, "bound"))
    counts("operators", number)
    counts("operators whose kmin converged", int(converged))
    counts("operators wrong", len(wrong))
    assert not wrong
    assert converged
