"""Sums and maxima over the modes of a spectrum."""

from __future__ import annotations

import math
from typing import Any

from ..modes.powers import matrix_power
from ..quantities.noise_variance import noise_variance
from ..quantities.regime import regime
from ..quantities.transient_peak import transient_peak as peak_of_mode
from .mode_bounds import FALLS, ONE_MINUS_R2, ONE_MINUS_T_PLUS_D, PEAK, ROWS, STEP, D, W
from .spectrum_quantity import spectrum_quantity

_at: Any = None
_fill: Any = None

_noise_variance, _regime = noise_variance.kernel, regime.kernel
_peak = peak_of_mode.kernel


@spectrum_quantity(
    long_name="loss after some iterations",
    counted="loss after {} iterations",
    comment="sum of weight * displacement * k * w^2 / 2, from rest; inf = overflows",
    best="min",
    positive_only=False,
)
def loss_after(slower, inner, table, clusters, steps, memory):
    """Return ½ Σ weight·displacement·k·w_t² at t = steps."""
    loss = 0.0
    for i in range(table.shape[1]):
        if table[1, i] != 0.0:
            w = matrix_power(_at(slower, inner, table[0, i]), steps[0])[2]
            loss += table[1, i] * (w * w)
    return 0.5 * loss if abs(loss) < math.inf else math.inf


@spectrum_quantity(
    long_name="noise floor of the loss",
    comment="sum of weight * k * noise_variance / 2, under gradient noise of variance "
    "1 in each mode; inf = outside the region of convergence",
    best="min",
    coefficients="slope",
)
def noise_floor(slower, inner, table, clusters, argument, memory):
    """Return ½ Σ weight·k·noise_variance."""
    floor = 0.0
    for i in range(table.shape[1]):
        if table[1, i] != 0.0:
            floor += table[1, i] * _noise_variance(_at(slower, inner, table[0, i]))
    return 0.5 * floor


@spectrum_quantity(
    long_name="largest transient peak of a mode",
    comment="largest |w_t| / |w_0| of any mode, from rest; inf = unbounded",
    best="min",
    coefficients="weight",
    positive_only=False,
    memory=ROWS,
)
def transient_peak(slower, inner, table, clusters, argument, memory):
    """Return the largest sup |w_t| of a mode.

    Most modes cannot exceed what others reach, as their bound at t = 1 tells, or fall
    from the start on.
    """
    n = table.shape[1]
    modes = memory[: ROWS * n].reshape(ROWS, n)
    _fill(slower, inner, table[0], modes)
    highest = 1.0
    for i in range(n):
        w, d, one_minus_T_plus_D = (
            modes[W, i],
            modes[D, i],
            modes[ONE_MINUS_T_PLUS_D, i],
        )
        step = d * modes[STEP, i] - one_minus_T_plus_D * w
        after = w + step
        second = after + (d * step - one_minus_T_plus_D * after)
        falls = 1.0 >= w >= second >= 0.0 and 1.0 >= after >= 0.0
        calm = modes[ONE_MINUS_R2, i] >= 0.0 and (
            modes[PEAK, i] * (1.0 + 1e-12) <= highest * highest
            or (falls and modes[FALLS, i] > 0.0)
        )
        if not calm:
            highest = max(highest, _peak(_at(slower, inner, table[0, i])))
    return highest


@spectrum_quantity(
    long_name="share of modes that converge",
    comment="weight of the modes with a spectral radius below 1, of all that are not "
    "zero",
    best="max",
    converges=(1.0, 1.0),
    coefficients="weight",
    positive_only=False,
)
def stable_share(slower, inner, table, clusters, argument, memory):
    """Return the share of the weight whose modes have ρ < 1."""
    stable, total = 0.0, 0.0
    for i in range(table.shape[1]):
        total += table[1, i]
        if _regime(_at(slower, inner, table[0, i])) > 0:
            stable += table[1, i]
    return stable / total
