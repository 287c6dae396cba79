"""The largest |w_t| of a mode that starts from rest."""

import math

import numpy as np

from ..arithmetic.double_double import EPS, FAR, multiply, pair, subtract
from ..arithmetic.jit import jit
from ..arithmetic.rotation import first_entry
from ..modes.motion import (
    complex_value,
    half_arc,
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
)
from .quantity import quantity

_STRIDES = 400


@jit
def _first_peak(roots, turn, phase, log_r):
    """Return the largest |w_t| near the first turning point of w behind the start.

    Where a strong damping keeps the swing far below its envelope, this is the highest,
    and the arcs of later records are too wide to be told from half a circle.
    """
    theta, b = math.pi * turn.hi, roots.sine_coefficient.hi
    highest = 1.0
    slow = math.atan2(1.0, b) if b > 0.0 else -math.atan2(1.0, -b)
    near = (math.atan2(theta, -log_r) - slow) / theta
    if 0.0 < near < FAR:
        for ahead in range(-1, 3):
            t = max(np.floor(near) + ahead, 1.0)
            highest = max(highest, complex_value(roots, turn, phase, t, log_r))
    return highest


@jit
def _entry_after(roots, turn, phase, t, half, log_r):
    """Return the first step from t on that is in an arc, and |w_t| there, 0 if none."""
    start = subtract(phase, multiply(pair(t), turn))
    t += first_entry(turn, start, half)
    if t > FAR:
        return t, 0.0
    return t, complex_value(roots, turn, phase, t, log_r)


@jit
def _highest_of_complex(roots):
    """Return sup |w_t| of complex roots: each new record must lie in a smaller arc.

    A phase may creep up to its peak in very many records; a look ahead into an arc that
    is smaller by half, or by as much as still pays, takes them in few strides. What is
    left then is a phase that shrinks beside its arc without gaining on it.
    """
    log_r = log_modulus(roots)
    turn, phase = turns(roots)
    t, stride = 1.0, 0.5
    record = _first_peak(roots, turn, phase, log_r)
    for _ in range(_STRIDES):
        # raised by some rounding errors, so that the record itself is outside
        level = (
            math.log(record / math.hypot(1.0, roots.sine_coefficient.hi)) + 8.0 * EPS
        )
        half = half_arc(level - t * log_r)
        if half <= 1e-15:
            return record
        t, w = _entry_after(roots, turn, phase, t, half, log_r)
        if w == 0.0 or t * log_r < level:
            return record
        record = max(record, w)
        _, w = _entry_after(roots, turn, phase, t, half * (1.0 - stride), log_r)
        stride = min(2.0 * stride, 0.5) if w > record else 0.5 * stride
        record = max(record, w)
        t += 1.0
    return record


@jit
def _highest_of_real(roots):
    """Return sup |w_t| of real roots: at a turning point, the start or the end."""
    log_large, log_ratio = logs_of_real(roots)
    h, separation = roots.excess.hi, roots.separation.hi
    highest = 1.0
    if log_large == 0.0:
        if separation == 0.0:
            return 1.0 if h == 0.0 else math.inf
        highest = max(highest, abs(1.0 + h / separation))
        even = odd = 0.0
    else:
        even, odd = turning_points(roots, log_large, log_ratio)
    for near in (even, odd):
        for ahead in range(-1, 3):
            t = max(np.floor(near) + ahead, 1.0)
            if t < 1e300:
                highest = max(highest, real_value(roots, t, log_large, log_ratio)[0])
    return highest


@quantity(
    long_name="transient peak",
    comment="largest |w_t| / |w_0| from rest; inf = unbounded",
    best="min",
)
def transient_peak(r):
    """Return sup |w_t| over t ≥ 0, w_0 = 1, from rest: at least 1, inf if divergent."""
    mode = mode_of(r)
    margins = mode.margins
    g, m = margins.two_minus_T.hi, margins.one_minus_T_plus_D.hi
    if m != m:
        return math.nan
    if m < 0.0 or margins.one_minus_D.hi < 0.0 or g < 0.0:
        return math.inf
    if mode.discriminant.hi < 0.0:
        return _highest_of_complex(complex_roots(mode))
    if is_nilpotent(mode):
        return max(1.0, abs(first_step(r).hi))
    return _highest_of_real(real_roots(mode))
