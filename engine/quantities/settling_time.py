"""When a mode has settled: the last step at which it is above a tolerance.

The cost does not grow with the answer. Answers are exact up to 2⁵³, where doubles stop
to tell whole numbers apart; beyond, the answer is where the envelope passes the
tolerance.
"""

import math

import numpy as np

from ..arithmetic.double_double import EPS, FAR, add, multiply
from ..arithmetic.exact_sums import combine
from ..arithmetic.jit import jit
from ..arithmetic.rotation import first_entry
from ..modes.motion import (
    complex_pair,
    exact_margins,
    half_arc,
    log_of,
    pair_above,
    real_roots,
    roots_above,
    roots_value,
    turning_points,
    turns,
)
from .quantity import quantity

# the last digits of a double-double of that size are normal numbers still
LEAST_TOL = 1e-290
_SCAN = 24


@jit
def _last_of_pair(s, tol):
    """Return the last t at which a complex pair is above the tolerance.

    Most are found by looking at the last few steps below the envelope.
    """
    log_r = 0.5 * log_of(s.dh, s.uh)
    theta = math.atan2(s.sh, s.th)
    log_a = 0.5 * math.log1p(s.bh * s.bh) if abs(s.bh) < 1e8 else math.log(abs(s.bh))
    level = math.log(tol) - log_a
    t = np.floor(level / log_r * (1.0 + 1e-15)) + 1.0
    if t > FAR:
        return t
    for _ in range(_SCAN):
        if t <= 0.0 or pair_above(s, t, tol, log_r, theta):
            return t
        t -= 1.0
    return _latest_entry(s, t, tol, level, log_r, theta)


@jit
def _latest_entry(s, t, tol, level, log_r, theta):
    """Return the last step up to t at which a complex pair is above the tolerance.

    It is above where its phase is within arccos(tol/(A rᵗ)) of a multiple of π: an arc
    that widens as t falls. Blocks of t are asked for their latest entry into their
    widest arc. A block without one is left behind, and the next is twice as long; an
    entry that comes too late for its own arc halves it. So a phase that creeps towards
    its arc is followed in steps that keep their ratio to what is left of the way.
    """
    turn, phase = turns(s)
    doubt = 8.0 * EPS * (1.0 + abs(level))
    length = float(_SCAN)
    while t > 0.0:
        low = max(t - length, 0.0)
        half = half_arc(level - low * log_r - doubt) + 1e-15
        hi, lo = multiply(t, 0.0, turn[0], turn[1])
        hi, lo = add(hi, lo, -phase[0], -phase[1])
        j = first_entry(turn[0], turn[1], hi, lo, half)
        if j > t - low:
            t = low
            length *= 2.0
            continue
        t -= j
        if pair_above(s, t, tol, log_r, theta):
            return t
        t -= 1.0
        length = max(np.floor(0.5 * length), 1.0)
    return 0.0


@jit
def _bisect(d, low, high, step, tol, log_l, log_q):
    """Return the last of low, low + step, … before high that is above tol.

    The first is above, high is not, and there is one change between them.
    """
    high = min(high, 2.0**1000)
    while high - low > step and low < FAR:
        middle = low + step * np.floor(0.5 * (high - low) / step)
        if roots_above(d, middle, tol, log_l, log_q):
            low = middle
        else:
            high = middle
    return low


@jit
def _guess(d, low, step, tol, log_l, log_q):
    """Return about where |w_t| passes tol, low or so many steps behind it."""
    guess = low
    for _ in range(6):
        w, _ = roots_value(d, guess if guess > 0.0 else step, log_l, log_q)
        if w <= 0.0 or not guess < 1e300:
            break
        ahead = (math.log(tol) - math.log(w)) / log_l
        guess = max(low, guess + step * np.floor(ahead / step))
        if abs(ahead) < step:
            break
    return guess


@jit
def _search(d, low, step, tol, log_l, log_q):
    """Return the last of low, low + step, … that is above tol, while |w_t| falls.

    The first one is above. A guess from the slope of ln|w_t| is bracketed in leaps.
    """
    guess = _guess(d, low, step, tol, log_l, log_q)
    if guess > FAR:
        return guess
    matrix_power = step
    if guess > low and not roots_above(d, guess, tol, log_l, log_q):
        high = guess
        while high - matrix_power > low and not roots_above(
            d, high - matrix_power, tol, log_l, log_q
        ):
            high -= matrix_power
            matrix_power *= 2.0
        low = max(low, high - matrix_power)
    else:
        low = guess
        while low < FAR and roots_above(d, low + matrix_power, tol, log_l, log_q):
            low += matrix_power
            matrix_power *= 2.0
        high = low + matrix_power
    return _bisect(d, low, high, step, tol, log_l, log_q)


@jit
def _last_of_class(d, start, step, turn, tol, log_l, log_q):
    """Return the last t of start, start + step, … above tol, −1 if none is.

    |w_t| falls for good behind its turning point; before it, it can only fall through
    zero to a swing back that stays below the tolerance.
    """
    after = start + step * max(np.ceil((turn - start) / step), 0.0)
    if roots_above(d, after, tol, log_l, log_q):
        return _search(d, after, step, tol, log_l, log_q)
    before = after - step
    if before < start:
        return -1.0
    if roots_above(d, before, tol, log_l, log_q):
        return before
    if not roots_above(d, start, tol, log_l, log_q):
        return -1.0
    return _bisect(d, start, before, step, tol, log_l, log_q)


@jit
def _last_of_roots(d, tol):
    """Return the last t at which real roots are above the tolerance."""
    log_l = log_of(d.lh, d.uh)
    log_q = log_of(d.qh, d.vh) if d.qh > 0.0 else -math.inf
    even, odd = turning_points(d, log_l, log_q)
    if d.sign > 0.0:
        return _last_of_class(d, 0.0, 1.0, even, tol, log_l, log_q)
    return max(
        _last_of_class(d, 0.0, 2.0, even, tol, log_l, log_q),
        _last_of_class(d, 1.0, 2.0, odd, tol, log_l, log_q),
    )


@jit
def _last(trace, determinant, first, tol):
    """Return the last step above the tolerance, not above 0 if there is none behind."""
    g, m, u, t, d, e, disc = exact_margins(trace, determinant, first)
    if m[0] != m[0]:
        return math.nan
    if m[0] <= 0.0 or u[0] <= 0.0 or g[0] <= 0.0:
        return math.inf
    if disc[0] < 0.0:
        return _last_of_pair(complex_pair(u, t, d, e, disc), tol)
    if t[0] == 0.0 and disc[0] == 0.0:
        w = combine(0.0, 1.0, first, 0.0, trace)
        return 1.0 if abs(w[0]) > tol else 0.0
    return _last_of_roots(real_roots(g, m, t, d, e, disc), tol)


@jit
def settle(trace, determinant, first, tol):
    """Return the smallest whole t₀ with |w_t| ≤ tol for all t ≥ t₀; inf if ρ ≥ 1.

    A tolerance from 1 on lets the start pass too; of one below `LEAST_TOL` the answer
    is nan.
    """
    if not tol >= LEAST_TOL:
        return math.nan
    last = _last(trace, determinant, first, tol)
    if last <= 0.0:
        return 1.0 if tol < 1.0 else 0.0
    return last + 1.0


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

    Exact up to 2⁵³, at a cost that does not grow with the answer; inf if ρ ≥ 1.
    """
    return settle(r.trace, r.determinant, r.first, tol)
