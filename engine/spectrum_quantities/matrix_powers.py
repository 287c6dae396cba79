"""Powers of the matrix of one step, and the modes of an ensemble behind them.

With Z that matrix less 1, its powers are α + β·Z, and Z² = −(2 − T)·Z − m. They are
squared in doubles that keep small falls as such. What the modes are at most from a step
on, and how far that may err, is added up here too.
"""

import numpy as np

from ..arithmetic.intrinsics import assume_noalias, fma, wide_vectors
from ..arithmetic.jit import inlined, jit, summing
from .mode_bounds import FALLS, ONE_MINUS_R2, ONE_MINUS_T_PLUS_D, PEAK, STEP, D, G, W

# the ladder keeps the last so many powers of two, beyond which doubles have no digits
LEVELS = 54
# rows of a power: α, α − 1, β, r², 1 − r²; a state has the first three for w, its last
# step, and the square of its bound
POWER = 5
_WHOLE, _LESS, _SLOPE, _SHRINK, _ONE_MINUS_R2 = range(POWER)
# of what is summed: relative errors in all, and for each step of complex roots
ERROR = 2.0**-43
ERROR_OF_STEP = 2.0**-50
# arithmetic on numbers below 2⁻¹⁰²² is some hundred times slower
_TINY = 1e-150
# modes that are looked at first, as they may be enough
_SOME = 128


@jit
def first_power(modes, power):
    """Write the power of one step."""
    for i in range(modes.shape[1]):
        fall = modes[ONE_MINUS_R2, i]
        power[_WHOLE, i], power[_LESS, i], power[_SLOPE, i] = 1.0, 0.0, 1.0
        power[_SHRINK, i], power[_ONE_MINUS_R2, i] = 1.0 - fall, fall


@jit
def no_power(modes, power):
    """Write the power of no step."""
    for i in range(modes.shape[1]):
        power[_WHOLE, i], power[_LESS, i], power[_SLOPE, i] = 1.0, 0.0, 0.0
        power[_SHRINK, i], power[_ONE_MINUS_R2, i] = 1.0, 0.0


@jit
def _rows(power):
    return power[0], power[1], power[2], power[3], power[4]


@jit
def squared(modes, power, square):
    """Write the power of twice as many steps."""
    _square(modes[ONE_MINUS_T_PLUS_D], modes[G], _rows(power), _rows(square))


@jit
def _square(one_minus_T_plus_D, g, power, square):
    """Square, keeping small falls: 1 less a small number has no digits left for it."""
    assume_noalias()
    wide_vectors()
    for i in range(one_minus_T_plus_D.size):
        whole, less, slope = power[_WHOLE][i], power[_LESS][i], power[_SLOPE][i]
        turn = slope * slope * one_minus_T_plus_D[i]
        near = less > -0.5
        gone = fma(less, 2.0 + less, -turn)
        full = fma(whole, whole, -turn)
        full = 1.0 + gone if near else full
        slope *= fma(-slope, g[i], 2.0 * whole)
        dead = abs(full) + abs(slope) < _TINY
        square[_WHOLE][i] = 0.0 if dead else full
        square[_LESS][i] = gone if near else full - 1.0
        square[_SLOPE][i] = 0.0 if dead else slope
        shrink, fall = power[_SHRINK][i], power[_ONE_MINUS_R2][i]
        lost = fall * (2.0 - fall)
        left = 1.0 - lost if fall < 0.5 else shrink * shrink
        square[_SHRINK][i] = 0.0 if left < _TINY else left
        square[_ONE_MINUS_R2][i] = lost if fall < 0.5 else 1.0 - left


@jit
def start(modes, state):
    """Write the state at t = 1."""
    for i in range(modes.shape[1]):
        state[0, i], state[1, i] = modes[W, i], modes[STEP, i]
        state[2, i] = modes[PEAK, i]


@inlined
def _next_step(one_minus_T_plus_D, d, w, v):
    """Return the step v′ = D·v − (1 − T + D)·w behind a step v to w."""
    return fma(d, v, -(one_minus_T_plus_D * w))


@inlined
def _moved(g, one_minus_T_plus_D, d, power, state, i):
    """Return what is known of a mode behind a power of steps.

    The change of v is −((1 − D)v + m·w), with 1 − D = (2 − T) − m: v′ − v would lose
    digits where D is near 1.
    """
    w, v, less, slope = state[0][i], state[1][i], power[_LESS][i], power[_SLOPE][i]
    step = _next_step(one_minus_T_plus_D[i], d[i], w, v)
    near = less > -0.5
    left = w if near else 0.0
    coefficient = less if near else power[_WHOLE][i]
    then = left + fma(coefficient, w, slope * step)
    turn = -fma(g[i] - one_minus_T_plus_D[i], v, one_minus_T_plus_D[i] * w)
    last = fma(power[_WHOLE][i], v, slope * turn)
    peak = state[2][i] * power[_SHRINK][i]
    dead = abs(then) + abs(last) < _TINY
    peak = 0.0 if peak < _TINY * _TINY else peak
    return 0.0 if dead else then, 0.0 if dead else last, peak


@jit
def jump(modes, power, now, then):
    """Write the state behind a power of steps."""
    state, after = (now[0], now[1], now[2]), (then[0], then[1], then[2])
    _jump_all(modes[G], modes[ONE_MINUS_T_PLUS_D], modes[D], _rows(power), state, after)


@jit
def _jump_all(g, one_minus_T_plus_D, d, power, now, then):
    assume_noalias()
    wide_vectors()
    for i in range(one_minus_T_plus_D.size):
        then[0][i], then[1][i], then[2][i] = _moved(
            g, one_minus_T_plus_D, d, power, now, i
        )


@jit
def most_of(modes, coefficients, power, state, t, enough):
    """Return Σ share·sup w² from t on, a power of steps behind a state.

    With it, how much of it is of modes that may swing, and a bound of the errors of w²;
    all of some modes only, if that is enough.
    """
    rows = state[0], state[1], state[2]
    arrays = (
        modes[G],
        modes[ONE_MINUS_T_PLUS_D],
        modes[D],
        modes[FALLS],
        coefficients,
        _rows(power),
        rows,
    )
    first = min(_SOME, coefficients.size)
    found = _bounds(arrays, t, first)
    if first == coefficients.size or found[0] > enough:
        return found
    return _bounds(arrays, t, coefficients.size)


@summing
def _bounds(arrays, t, count):
    """Return what `_most` does of the first modes.

    Once w has its last sign, real roots let the steps of either parity fall for good
    when they do, so that of those the next two are the highest. All others stay below
    their bounds. Errors are some units of rounding of w times its bound, and grow with
    the steps where roots are no positive numbers.
    """
    wide_vectors()
    g, one_minus_T_plus_D, d, kind, coefficients, power, state = arrays
    most, swinging, error = 0.0, 0.0, 0.0
    grown = ERROR + t * ERROR_OF_STEP
    for i in range(count):
        w, v, peak = _moved(g, one_minus_T_plus_D, d, power, state, i)
        w, v = kind[i] * w, kind[i] * v
        step = _next_step(one_minus_T_plus_D[i], d[i], w, v)
        after = w + step
        second = after + _next_step(one_minus_T_plus_D[i], d[i], after, step)
        falls = (w > 0.0) & (after > 0.0) & (after <= w - v) & (second <= w)
        high = max(w, after)
        square = coefficients[i] * (high * high)
        bound = coefficients[i] * peak
        most += square if falls else bound
        swinging += 0.0 if falls else bound
        steady = falls & (d[i] >= 0.0)
        error += (0.5 * ERROR) * (square + bound) if steady else grown * bound
    return most, swinging, error


@summing
def sum_of(coefficients, w):
    """Return Σ share·w²."""
    wide_vectors()
    total = 0.0
    for i in range(coefficients.size):
        total += coefficients[i] * (w[i] * w[i])
    return total


@jit
def step(one_minus_T_plus_D, d, w, v):
    """Move w and its last step by one step."""
    assume_noalias()
    wide_vectors()
    for i in range(w.size):
        v[i] = _next_step(one_minus_T_plus_D[i], d[i], w[i], v[i])
        w[i] += v[i]


@jit
def seek(modes, powers, states, t):
    """Put the ensemble to t into states[0]."""
    here, there = states[0], states[1]
    start(modes, here)
    left, j = int(t) - 1, 0
    while left > 0:
        if left % 2 == 1:
            jump(modes, powers[j], here, there)
            here, there = there, here
        left //= 2
        j += 1
    states[0] = here


@jit
def most_now(modes, coefficients, states, t):
    """Return what `most_of` does of states[0], which is at t; states[2] is no step."""
    return most_of(modes, coefficients, states[2], states[0], t, np.inf)
