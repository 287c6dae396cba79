"""The largest |w_t| of a mode that starts from rest."""

import math

import numpy as np

from ..arithmetic.double_double import EPS, FAR, multiply, pair, subtract
from ..arithmetic.jit import jit
from ..arithmetic.rotation import first_entry
from ..modes.motion import (
    complex_value,
    half_arc,
    offset_of,
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

# half of an arc in half turns, in which the cosine is 1 to less than an ulp
_NARROW = 1e-9


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
def _entry_after(turn, phase, t, half):
    """Return the first step from t on whose phase is within an arc, inf if far away."""
    start = subtract(phase, multiply(pair(t), turn))
    t += first_entry(turn, start, half)
    return t if t <= FAR else math.inf


@jit
def _along(roots, turn, phase, t, after, log_r):
    """Return the largest |w| from a step t on, in strides as that to `after`.

    A step and the first one that is nearer to a peak begin an arithmetic progression:
    each of its steps is the first one nearer than the last, as long as the phase is on
    one side of the peak (three-gap theorem). Along it ln|w|, as t·ln r + ln cos, is
    concave. With it, the last step on this side comes back, and the distance of its
    phase in half turns.
    """
    here, there = offset_of(turn, phase, t), offset_of(turn, phase, after)
    side = -1.0 if here.hi < 0.0 else 1.0
    off, step = side * here.hi, side * subtract(here, there).hi
    highest = complex_value(roots, turn, phase, after, log_r)
    if step > off:
        return highest, after, abs(there.hi)
    stride = after - t
    most = min(np.floor(off / step), np.floor((FAR - t) / stride))
    # where the slope π·step·tan(π·off) of ln cos makes up for the fall in a stride
    best = (off - math.atan2(-stride * log_r, math.pi * step) / math.pi) / step
    for ahead in range(-1, 3):
        j = min(max(np.floor(best) + ahead, 1.0), most)
        w = complex_value(roots, turn, phase, t + j * stride, log_r)
        highest = max(highest, w)
    t += most * stride
    return highest, t, abs(offset_of(turn, phase, t).hi)


@jit
def _highest_of_complex(roots):
    """Return sup |w_t| of complex roots: each new record must lie in a smaller arc.

    Of each progression of ever nearer phases the highest step is taken, and its last
    one, which is nearer than half as far as the first, narrows the arc. So few of them
    are left before the cosine is 1.
    """
    log_r = log_modulus(roots)
    turn, phase = turns(roots)
    record = _first_peak(roots, turn, phase, log_r)
    log_a = math.log(math.hypot(1.0, roots.sine_coefficient.hi))
    t, near = 1.0, 0.5
    while True:
        # raised by some rounding errors, so that the record itself is outside
        level = math.log(record) - log_a + 8.0 * EPS
        half = min(half_arc(level - t * log_r), near)
        if half <= _NARROW:
            return record
        t = _entry_after(turn, phase, t, half)
        if t == math.inf or t * log_r < level:
            return record
        record = max(record, complex_value(roots, turn, phase, t, log_r))
        near = abs(offset_of(turn, phase, t).hi)
        after = _entry_after(turn, phase, t + 1.0, near)
        if after == math.inf:
            return record
        w, t, near = _along(roots, turn, phase, t, after, log_r)
        record = max(record, w)
        t += 1.0


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
    """Return sup |w_t| over t ≥ 0, w_0 = 1, from rest: at least 1, inf if unbounded."""
    mode = mode_of(r)
    margins = mode.margins
    g, m = margins.two_minus_T.hi, margins.one_minus_T_plus_D.hi
    if m != m:
        return math.nan
    outside = m < 0.0 or margins.one_minus_D.hi < 0.0 or g < 0.0
    if outside and not starts_beside(mode):
        return math.inf
    if mode.discriminant.hi < 0.0:
        return _highest_of_complex(complex_roots(mode))
    if is_nilpotent(mode):
        return max(1.0, abs(first_step(r).hi))
    roots = real_roots(mode, r)
    # a part in the larger root may be small, but is not 0
    if outside and (roots.ratio.hi != 0.0 or roots.one_minus_large.hi < 0.0):
        return math.inf
    return _highest_of_real(roots) if roots.large.hi > 0.0 else 1.0
