"""The stationary variance of a mode under noise on the gradient."""

import math

from ..arithmetic.jit import inlined
from ..modes.stability import (
    jury_margins,
    linear_combination,
    quick_jury_margins,
    sums_of,
)
from .quantity import quantity


@inlined
def _quick_variance(r):
    below, above, gap, plus, known = quick_jury_margins(sums_of(r))
    value = _variance(r.noise_coefficients, below, above, gap, plus)
    return value if known else math.nan


@inlined
def _variance(noise_coefficients, below, above, gap, plus):
    now, before, both, apart = noise_coefficients
    outside = (below <= 0.0) | (above <= 0.0) | (gap <= 0.0)
    # divisors that are never 0: all branches may be computed, and set no flag
    below, above = 1.0 if outside else below, 1.0 if outside else above
    gap = 1.0 if outside else gap
    # of the two forms of the sum, the one whose terms have one sign
    same = now * before > 0.0
    noise, edge = apart if same else both, above if same else below
    kicked = noise / edge * noise * plus + 2.0 * abs(now * before)
    variance = kicked / (gap * (below if same else above))
    return math.inf if outside else variance


@quantity(
    long_name="stationary variance",
    quick=_quick_variance,
    comment="variance of w under gradient noise of variance 1; "
    "inf = outside the region of convergence",
    best="min",
)
def noise_variance(r):
    """Return the stationary variance of w under gradient noise of variance 1.

    For noise n₀ξ_t + n₁ξ_{t−1} it is ((n₀+n₁)²(1+D) − 2n₀n₁(1−T+D)) /
    ((1−D)(1−T+D)(1+T+D)), an ARMA(2, 1) process (Box and Jenkins 1970). The numerator
    is also (n₀−n₁)²(1+D) + 2n₀n₁(1+T+D), in which nothing cancels for n₀n₁ > 0. The
    heavy ball has ε(1+p) / ((1−p) k (2(1+p) − εk)).
    """
    sums = sums_of(r)
    below, above, gap = jury_margins(sums)
    plus = linear_combination(1.0, 0.0, 1.0, sums).hi
    variance = _variance(r.noise_coefficients, below, above, gap, plus)
    return math.nan if r.underflows and variance < math.inf else variance
