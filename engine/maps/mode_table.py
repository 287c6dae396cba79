"""The modes of a spectrum as arguments of the kernels of whole-spectrum maps."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..arithmetic.double_double import Pair, add, multiply, pair, product
from ..arithmetic.memory import LANES, page_aligned
from ..backends.compile import cached
from ..errors import InputError
from ..spectra.spectrum import Spectrum
from ..spectrum_quantities.mode_clusters import Clusters, clusters_of, no_clusters
from ..spectrum_quantities.spectrum_quantity import SpectrumQuantity
from ..typing import Floats

# spectra with more distinct curvatures are divided into clusters
FEW = 1024
# tol² times a share must not underflow
_LEAST_TOL = 1e-100


class Table(NamedTuple):
    """Arguments of a kernel of `spectrum_map_kernel`.

    Attributes
    ----------
    modes : (3, n) k, and high and low half of the coefficient of each distinct k; n is
        a multiple of 8, padded with coefficients 0
    clusters : of the modes
    argument : (2,) the level of the sum as a double-double, or a number and 0
    """

    modes: Floats
    clusters: Clusters
    argument: Floats


def table_of(quantity: SpectrumQuantity, spectrum: Spectrum, tol: float) -> Table:
    """Return the modes of a spectrum for a quantity, with equal curvatures merged.

    Raises
    ------
    InputError
        A mode is negative and the quantity does not allow that, all coefficients are 0
        or their sum overflows, or tol is so small that tol² is out of range.
    """
    spectrum = spectrum.filtered(negative="error" if quantity.positive_only else "keep")
    name = spectrum.name or "unnamed"
    coefficients = _coefficients(quantity, spectrum)
    if not coefficients.size:
        raise InputError(f"{name}: no mode is displaced")
    if isinstance(quantity.argument, float):
        return Table(
            _padded(coefficients), no_clusters(), np.array([quantity.argument, 0.0])
        )
    if tol < _LEAST_TOL:
        raise InputError(
            f"{tol:g} given; {quantity.name} needs tol ≥ {_LEAST_TOL:g}", "tol"
        )
    if not np.isfinite(coefficients[1].sum()):
        raise InputError(f"{name}: the sum of the coefficients overflows")
    coefficients = _normalised(coefficients)
    level = np.zeros(2)
    _write_level(coefficients, tol, 2 if quantity.argument == "tol²" else 1, level)
    clusters = (
        clusters_of(*coefficients[:2]) if coefficients.shape[1] > FEW else no_clusters()
    )
    return Table(_padded(coefficients), clusters, level)


def _coefficients(quantity: SpectrumQuantity, spectrum: Spectrum) -> Floats:
    """Return k, high and low half of the coefficients other than 0, (3, n)."""
    k, weights, displacement = spectrum.arrays.values()
    coefficients = np.zeros((3, k.size))
    ones = np.ones_like(k)
    displaced = displacement if quantity.coefficients in ("distance", "loss") else ones
    slopes = k if quantity.coefficients in ("slope", "loss") else ones
    count = _merge_modes(k, weights, displaced, slopes, coefficients)
    return coefficients[:, :count][:, coefficients[1, :count] != 0.0]


def _normalised(coefficients: Floats) -> Floats:
    """Return the coefficients divided by a power of two, with a sum in [½, 1).

    The division is exact, except for coefficients that underflow; these are dropped.
    """
    exponent = math.frexp(coefficients[1].sum())[1]
    coefficients[1:] = np.ldexp(coefficients[1:], -exponent)
    return coefficients[:, coefficients[1] > 0.0]


def _padded(coefficients: Floats) -> Floats:
    """Return the modes, padded to a multiple of `LANES` and aligned to a page."""
    n = coefficients.shape[1]
    table = np.zeros((3, n + -n % LANES))
    table[0] = coefficients[0, -1]
    table[:, :n] = coefficients
    return page_aligned(table).reshape(table.shape)


def _merge_modes_kernel(k, weights, displaced, slopes, out):
    """Write each distinct k and its Σ weight·displacement·slope; return their number.

    out : (3, n) k, high and low half of the sum
    """
    count = 0
    for i in range(k.size):
        share = multiply(product(weights[i], displaced[i]), pair(slopes[i]))
        if count > 0 and out[0, count - 1] == k[i]:
            count -= 1
            share = add(share, Pair(out[1, count], out[2, count]))
        out[0, count], out[1, count], out[2, count] = k[i], share.hi, share.lo
        count += 1
    return count


def _level_kernel(coefficients, tol, power, out):
    """Write tol^power · Σ coefficient as a double-double into out, (2,)."""
    level = pair(0.0)
    for i in range(coefficients.shape[1]):
        level = add(level, Pair(coefficients[1, i], coefficients[2, i]))
    for _ in range(power):
        level = multiply(level, pair(tol))
    out[0], out[1] = level.hi, level.lo


_merge_modes = cached(_merge_modes_kernel)
_write_level = cached(_level_kernel)
