"""When a mode has settled: the last step at which it is above a tolerance.

The cost does not grow with the answer. Answers are exact up to 2⁵³, where doubles stop
to tell whole numbers apart; beyond, the answer is where the envelope passes the
tolerance.
"""

import math

import numpy as np

from ..arithmetic.double_double import EPS, FAR, multiply, pair, subtract
from ..arithmetic.jit import jit
from ..arithmetic.rotation import first_entry
from ..modes.motion import (
    complex_above,
    half_arc,
    real_above,
    real_value,
    turning_points,
    turns,
)
from ..modes.roots import (
    complex_roots,
    first_step,
    is_nilpotent,
    log_modulus,
    logs_of_real,
    mode_of,
    real_roots,
    starts_beside,
)
from .quantity import quantity

# the last digits of a double-double of that size are normal numbers still
LEAST_TOL = 1e-290
_SCAN = 24


@jit
def _last_of_complex(roots, tol):
    """Return the last t at which complex roots are above the tolerance.

    Most are found by looking at the last few steps below the envelope.
    """
    log_r, b = log_modulus(roots), roots.sine_coefficient.hi
    theta = math.atan2(roots.twice_imaginary.hi, roots.twice_real.hi)
    log_a = 0.5 * math.log1p(b * b) if abs(b) < 1e8 else math.log(abs(b))
    level = math.log(tol) - log_a
    t = np.floor(level / log_r * (1.0 + 1e-15)) + 1.0
    if t > FAR:
        return t
    for _ in range(_SCAN):
        if t <= 0.0 or complex_above(roots, t, tol, log_r, theta):
            return t
        t -= 1.0
    return _latest_entry(roots, t, tol, level, log_r, theta)


@jit
def _latest_entry(roots, t, tol, level, log_r, theta):
    """Return the last step up to t at which complex roots are above the tolerance.

    It is above where its phase is within arccos(tol/(A rᵗ)) of a multiple of π: an arc
    that widens as t falls. Blocks of t are asked for their latest entry into their
    widest arc. A block without one is left behind, and the next is twice as long; an
    entry that comes too late for its own arc halves it. So a phase that creeps towards
    its arc is followed in steps that keep their ratio to what is left of the way.
    """
    turn, phase = turns(roots)
    doubt = 8.0 * EPS * (1.0 + abs(level))
    length = float(_SCAN)
    while t > 0.0:
        low = max(t - length, 0.0)
        half = half_arc(level - low * log_r - doubt) + 1e-15
        start = subtract(multiply(pair(t), turn), phase)
        j = first_entry(turn, start, half)
        if j > t - low:
            t = low
            length *= 2.0
            continue
        t -= j
        if complex_above(roots, t, tol, log_r, theta):
            return t
        t -= 1.0
        length = max(np.floor(0.5 * length), 1.0)
    return 0.0


@jit
def _bisect(roots, low, high, step, tol, log_large, log_ratio):
    """Return the last of low, low + step, … before high that is above tol.

    The first is above, high is not, and there is one change between them.
    """
    high = min(high, 2.0**1000)
    while high - low > step and low < FAR:
        middle = low + step * np.floor(0.5 * (high - low) / step)
        if real_above(roots, middle, tol, log_large, log_ratio):
            low = middle
        else:
            high = middle
    return low


@jit
def _guess(roots, low, step, tol, log_large, log_ratio):
    """Return about where |w_t| passes tol, low or so many steps behind it."""
    guess = low
    for _ in range(6):
        w, _ = real_value(roots, guess if guess > 0.0 else step, log_large, log_ratio)
        if w <= 0.0 or not guess < 1e300:
            break
        ahead = (math.log(tol) - math.log(w)) / log_large
        guess = max(low, guess + step * np.floor(ahead / step))
        if abs(ahead) < step:
            break
    return guess


@jit
def _search(roots, low, step, tol, log_large, log_ratio):
    """Return the last of low, low + step, … that is above tol, while |w_t| falls.

    The first one is above. A guess from the slope of ln|w_t| is bracketed in leaps.
    """
    guess = _guess(roots, low, step, tol, log_large, log_ratio)
    if guess > FAR:
        return guess
    stride = step
    if guess > low and not real_above(roots, guess, tol, log_large, log_ratio):
        high = guess
        while high - stride > low and not real_above(
            roots, high - stride, tol, log_large, log_ratio
        ):
            high -= stride
            stride *= 2.0
        low = max(low, high - stride)
    else:
        low = guess
        while low < FAR and real_above(roots, low + stride, tol, log_large, log_ratio):
            low += stride
            stride *= 2.0
        high = low + stride
    return _bisect(roots, low, high, step, tol, log_large, log_ratio)


@jit
def _last_of_class(roots, start, step, turn, tol, log_large, log_ratio):
    """Return the last t of start, start + step, … above tol, −1 if none is.

    |w_t| falls for good behind its turning point; before it, it can only fall through
    zero to a swing back that stays below the tolerance.
    """
    after = start + step * max(np.ceil((turn - start) / step), 0.0)
    if real_above(roots, after, tol, log_large, log_ratio):
        return _search(roots, after, step, tol, log_large, log_ratio)
    before = after - step
    if before < start:
        return -1.0
    if real_above(roots, before, tol, log_large, log_ratio):
        return before
    if not real_above(roots, start, tol, log_large, log_ratio):
        return -1.0
    return _bisect(roots, start, before, step, tol, log_large, log_ratio)


@jit
def _last_of_real(roots, tol):
    """Return the last t at which real roots are above the tolerance."""
    log_large, log_ratio = logs_of_real(roots)
    even, odd = turning_points(roots, log_large, log_ratio)
    if roots.sign > 0.0:
        return _last_of_class(roots, 0.0, 1.0, even, tol, log_large, log_ratio)
    return max(
        _last_of_class(roots, 0.0, 2.0, even, tol, log_large, log_ratio),
        _last_of_class(roots, 1.0, 2.0, odd, tol, log_large, log_ratio),
    )


@jit
def _last_above(r, tol):
    """Return the last step above the tolerance, not above 0 if there is none behind."""
    mode = mode_of(r)
    margins = mode.margins
    g, m = margins.two_minus_T.hi, margins.one_minus_T_plus_D.hi
    if m != m:
        return math.nan
    outside = m <= 0.0 or margins.one_minus_D.hi <= 0.0 or g <= 0.0
    if outside and not starts_beside(mode):
        return math.inf
    if r.underflows:
        return math.nan
    if mode.discriminant.hi < 0.0:
        return _last_of_complex(complex_roots(mode), tol)
    if is_nilpotent(mode):
        return 1.0 if abs(first_step(r).hi) > tol else 0.0
    roots = real_roots(mode, r)
    # a part in the larger root may be small, but is not 0
    if outside and (roots.ratio.hi != 0.0 or roots.one_minus_large.hi <= 0.0):
        return math.inf
    return _last_of_real(roots, tol) if roots.large.hi > 0.0 else 0.0


@quantity(
    long_name="settling time",
    units="iteration",
    comment="smallest t0 with |w_t| <= tol |w_0| for all t >= t0, from rest; "
    "inf = never settles",
    best="min",
    needs_tol=True,
    narrow=False,
)
def settling_time(r, tol):
    """Return the smallest whole t₀ with |w_t| ≤ tol for all t ≥ t₀, w_0 = 1, from rest.

    Exact up to 2⁵³, at a cost that does not grow with the answer; inf if ρ ≥ 1, unless
    the start has no part in the larger root: |w| decides. A tolerance from 1 on lets
    the start pass too; of one below `LEAST_TOL` the answer is nan.
    """
    if not tol >= LEAST_TOL:
        return math.nan
    last = _last_above(r, tol)
    if last <= 0.0:
        return 1.0 if tol < 1.0 else 0.0
    return last + 1.0
