"""The largest |w_t| of a mode that starts from rest."""

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
    pair_value,
    real_roots,
    roots_value,
    turning_points,
    turns,
)
from .quantity import quantity

_STRIDES = 400


@jit
def _first_peak(s, turn, phase, log_r):
    """Return the largest |w_t| near the first turning point of w behind the start.

    Where a strong damping keeps the swing far below its envelope, this is the highest,
    and the arcs of later records are too wide to be told from half a circle.
    """
    theta = math.pi * turn[0]
    highest = 1.0
    slow = math.atan2(1.0, s.bh) if s.bh > 0.0 else -math.atan2(1.0, -s.bh)
    near = (math.atan2(theta, -log_r) - slow) / theta
    if 0.0 < near < FAR:
        for ahead in range(-1, 3):
            t = max(np.floor(near) + ahead, 1.0)
            highest = max(highest, pair_value(s, turn, phase, t, log_r))
    return highest


@jit
def _pair_after(s, turn, phase, t, half, log_r):
    """Return the first step from t on that is in an arc, and |w_t| there, 0 if none."""
    hi, lo = multiply(t, 0.0, turn[0], turn[1])
    hi, lo = add(phase[0], phase[1], -hi, -lo)
    t += first_entry(turn[0], turn[1], hi, lo, half)
    if t > FAR:
        return t, 0.0
    return t, pair_value(s, turn, phase, t, log_r)


@jit
def _highest_of_pair(s):
    """Return sup |w_t| of a complex pair: each new record must lie in a smaller arc.

    A phase may creep up to its peak in very many records; a look ahead into an arc that
    is smaller by half, or by as much as still pays, takes them in few strides. What is
    left then is a phase that shrinks beside its arc without gaining on it.
    """
    log_r = 0.5 * log_of(s.dh, s.uh) if s.uh != 0.0 else 0.0
    turn, phase = turns(s)
    t, stride = 1.0, 0.5
    record = _first_peak(s, turn, phase, log_r)
    for _ in range(_STRIDES):
        # raised by some rounding errors, so that the record itself is outside
        level = math.log(record / math.hypot(1.0, s.bh)) + 8.0 * EPS
        half = half_arc(level - t * log_r)
        if half <= 1e-15:
            return record
        t, w = _pair_after(s, turn, phase, t, half, log_r)
        if w == 0.0 or t * log_r < level:
            return record
        record = max(record, w)
        _, w = _pair_after(s, turn, phase, t, half * (1.0 - stride), log_r)
        stride = min(2.0 * stride, 0.5) if w > record else 0.5 * stride
        record = max(record, w)
        t += 1.0
    return record


@jit
def _highest_of_roots(d):
    """Return sup |w_t| of real roots: at a turning point, the start or the end."""
    log_l = log_of(d.lh, d.uh)
    log_q = log_of(d.qh, d.vh) if d.qh > 0.0 else -math.inf
    highest = 1.0
    if log_l == 0.0:
        if d.gh == 0.0:
            return 1.0 if d.hh == 0.0 else math.inf
        highest = max(highest, abs(1.0 + d.hh / d.gh))
        even = odd = 0.0
    else:
        even, odd = turning_points(d, log_l, log_q)
    for near in (even, odd):
        for ahead in range(-1, 3):
            t = max(np.floor(near) + ahead, 1.0)
            if t < 1e300:
                highest = max(highest, roots_value(d, t, log_l, log_q)[0])
    return highest


@jit
def peak(trace, determinant, first):
    """Return sup |w_t| over t ≥ 0 with w_0 = 1, from rest; inf if ρ > 1."""
    g, m, u, t, d, e, disc = exact_margins(trace, determinant, first)
    if m[0] != m[0]:
        return math.nan
    if m[0] < 0.0 or u[0] < 0.0 or g[0] < 0.0:
        return math.inf
    if disc[0] < 0.0:
        return _highest_of_pair(complex_pair(u, t, d, e, disc))
    if t[0] == 0.0 and disc[0] == 0.0:
        return max(1.0, abs(combine(0.0, 1.0, first, 0.0, trace)[0]))
    return _highest_of_roots(real_roots(g, m, t, d, e, disc))


@quantity(
    long_name="transient peak",
    comment="largest |w_t| / |w_0| from rest; inf = unbounded",
    best="min",
)
def transient_peak(r):
    """Return sup |w_t| over t ≥ 0, w_0 = 1, from rest: at least 1, inf if divergent."""
    return peak(r.trace, r.determinant, r.first)
