"""A spectrum's modes as the kernels of its maps take them."""

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

# spectra of more different curvatures are put into groups
FEW = 1024
_LEAST_TOL = 1e-100


class Table(NamedTuple):
    """What a kernel of a map takes beside the map.

    Attributes
    ----------
    modes : (3, n) k, its share, and what that lacks to its exact value; n is a multiple
        of 8, and what fills it up has no share
    groups : of the modes
    argument : (2,) the level of the sum as a pair, or a number and 0
    """

    modes: Floats
    clusters: Clusters
    argument: Floats


def table_of(quantity: SpectrumQuantity, spectrum: Spectrum, tol: float) -> Table:
    """Return the modes of a spectrum for a quantity; equal curvatures become one.

    Raises
    ------
    InputError
        A mode is negative and has no place there, none counts, or tol is so small that
        squares of it are out of range.
    """
    spectrum = spectrum.filtered(negative="error" if quantity.positive_only else "keep")
    k, weights, displacement = spectrum.arrays.values()
    coefficients = np.zeros((3, k.size))
    ones = np.ones_like(k)
    displaced = displacement if quantity.coefficients in ("distance", "loss") else ones
    slopes = k if quantity.coefficients in ("slope", "loss") else ones
    count = _multiplied(k, weights, displaced, slopes, coefficients)
    coefficients = coefficients[:, :count][:, coefficients[1, :count] != 0.0]
    if not coefficients.size:
        raise InputError(f"{spectrum.name or 'unnamed'}: no mode is displaced")
    if isinstance(quantity.argument, float):
        return Table(
            _filled_up(coefficients), no_clusters(), np.array([quantity.argument, 0.0])
        )
    if tol < _LEAST_TOL:
        raise InputError(
            f"{tol:g}; {quantity.name} takes {_LEAST_TOL:g} and more", "tol"
        )
    if not np.isfinite(coefficients[1].sum()):
        raise InputError(f"{spectrum.name or 'unnamed'}: what modes count overflows")
    # a power of two changes no digit, but of what is nothing beside the sum
    coefficients[1:] = np.ldexp(coefficients[1:], -math.frexp(coefficients[1].sum())[1])
    coefficients = coefficients[:, coefficients[1] > 0.0]
    level = np.zeros(2)
    _level(coefficients, tol, 2 if quantity.argument == "tol²" else 1, level)
    clusters = (
        clusters_of(*coefficients[:2]) if coefficients.shape[1] > FEW else no_clusters()
    )
    return Table(_filled_up(coefficients), clusters, level)


def _filled_up(coefficients: Floats) -> Floats:
    """Return the modes, and more that count nothing, in memory that begins a page."""
    n = coefficients.shape[1]
    table = np.zeros((3, n + -n % LANES))
    table[0] = coefficients[0, -1]
    table[:, :n] = coefficients
    return page_aligned(table).reshape(table.shape)


def _multiply_shares(k, weights, displaced, slopes, out):
    """Write each k once, and Σ weight·displacement·slope of it as a double-double."""
    count = 0
    for i in range(k.size):
        share = multiply(product(weights[i], displaced[i]), pair(slopes[i]))
        if count > 0 and out[0, count - 1] == k[i]:
            count -= 1
            share = add(share, Pair(out[1, count], out[2, count]))
        out[0, count], out[1, count], out[2, count] = k[i], share.hi, share.lo
        count += 1
    return count


def _level_of(coefficients, tol, power, out):
    """Write tol, to a power, times Σ share as a double-double."""
    level = pair(0.0)
    for i in range(coefficients.shape[1]):
        level = add(level, Pair(coefficients[1, i], coefficients[2, i]))
    for _ in range(power):
        level = multiply(level, pair(tol))
    out[0], out[1] = level.hi, level.lo


_multiplied = cached(_multiply_shares)
_level = cached(_level_of)
