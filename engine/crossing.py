"""The last step at which Σ share·w² of an ensemble is above a level.

From t = 1 on, an ensemble jumps by powers of the matrix of one step: with Z that matrix
less 1, its powers are α + β·Z, and Z² = −(2 − T)·Z − m. A ladder of 1, 2, 4, … steps
finds, by what each mode is at most from a step on, the first step from which the sum
stays below the level for good; from there the way leads down, in blocks that are
stepped through, to the last step at which the sum itself is above. Errors are bounded,
and where they leave a doubt, the caller is asked.
"""

import math

import numpy as np

from .envelopes import FALL, FALLS, PEAK, PULL, STEP, D, G, W
from .intrinsics import apart, fma, wide_vectors
from .precise import FAR, inlined, jit, summing

# the ladder keeps the last so many powers of two, beyond which doubles have no digits
LEVELS = 54
_HIGHEST = 1023
# rows of a power: α, α − 1, β, r², 1 − r²
POWER = 5
_WHOLE, _LESS, _SLOPE, _SHRINK, _FALL = range(POWER)
# rows of a state: w, its last step, the square of its bound
STATE = POWER
# of what is summed: relative errors in all, and for each step of a pair
_ERROR = 2.0**-43
_ERROR_OF_STEP = 2.0**-50
# the first steps, see `doubt`
EARLY = 64.0
# steps of the first block on the way down
_SHORT = 32
# arithmetic on numbers below 2⁻¹⁰²² is some hundred times slower
_TINY = 1e-150
# modes that are looked at first, as they may be enough
_SOME = 128
# of a walk, in modes times steps; what takes longer is not decided. A step alone takes
# as long as so many modes
MOST_WORK = 2.0**28
_STEP = 64


@jit
def _first_power(modes, power):
    for i in range(modes.shape[1]):
        fall = modes[FALL, i]
        power[_WHOLE, i], power[_LESS, i], power[_SLOPE, i] = 1.0, 0.0, 1.0
        power[_SHRINK, i], power[_FALL, i] = 1.0 - fall, fall


@jit
def _no_power(modes, power):
    for i in range(modes.shape[1]):
        power[_WHOLE, i], power[_LESS, i], power[_SLOPE, i] = 1.0, 0.0, 0.0
        power[_SHRINK, i], power[_FALL, i] = 1.0, 0.0


@jit
def _rows(power):
    return power[0], power[1], power[2], power[3], power[4]


@jit
def _squared(modes, power, square):
    """Write the power of twice as many steps."""
    _square(modes[PULL], modes[G], _rows(power), _rows(square))


@jit
def _square(pull, g, power, square):
    """Square, keeping small falls: 1 less a small number has no digits left for it."""
    apart()
    wide_vectors()
    for i in range(pull.size):
        whole, less, slope = power[_WHOLE][i], power[_LESS][i], power[_SLOPE][i]
        turn = slope * slope * pull[i]
        near = less > -0.5
        gone = fma(less, 2.0 + less, -turn)
        full = fma(whole, whole, -turn)
        full = 1.0 + gone if near else full
        slope *= fma(-slope, g[i], 2.0 * whole)
        dead = abs(full) + abs(slope) < _TINY
        square[_WHOLE][i] = 0.0 if dead else full
        square[_LESS][i] = gone if near else full - 1.0
        square[_SLOPE][i] = 0.0 if dead else slope
        shrink, fall = power[_SHRINK][i], power[_FALL][i]
        lost = fall * (2.0 - fall)
        left = 1.0 - lost if fall < 0.5 else shrink * shrink
        square[_SHRINK][i] = 0.0 if left < _TINY else left
        square[_FALL][i] = lost if fall < 0.5 else 1.0 - left


@jit
def _start(modes, state):
    for i in range(modes.shape[1]):
        state[0, i], state[1, i] = modes[W, i], modes[STEP, i]
        state[2, i] = modes[PEAK, i]


@inlined
def _moved(g, pull, d, power, state, i):
    """Return what is known of a mode behind a power of steps.

    The change of v is −((1 − D)v + m·w), with 1 − D = (2 − T) − m: v′ − v would lose
    digits where D is near 1.
    """
    w, v, less, slope = state[0][i], state[1][i], power[_LESS][i], power[_SLOPE][i]
    step = fma(d[i], v, -(pull[i] * w))
    near = less > -0.5
    left = w if near else 0.0
    share = less if near else power[_WHOLE][i]
    then = left + fma(share, w, slope * step)
    turn = -fma(g[i] - pull[i], v, pull[i] * w)
    last = fma(power[_WHOLE][i], v, slope * turn)
    peak = state[2][i] * power[_SHRINK][i]
    dead = abs(then) + abs(last) < _TINY
    peak = 0.0 if peak < _TINY * _TINY else peak
    return 0.0 if dead else then, 0.0 if dead else last, peak


@jit
def _jump(modes, power, now, then):
    """Write the state behind a power of steps."""
    state, after = (now[0], now[1], now[2]), (then[0], then[1], then[2])
    _jump_all(modes[G], modes[PULL], modes[D], _rows(power), state, after)


@jit
def _jump_all(g, pull, d, power, now, then):
    apart()
    wide_vectors()
    for i in range(pull.size):
        then[0][i], then[1][i], then[2][i] = _moved(g, pull, d, power, now, i)


@jit
def _most(modes, shares, power, state, t, enough):
    """Return Σ share·sup w² from t on, a power of steps behind a state.

    With it, how much of it is of modes that may swing, and a bound of the errors of w²;
    all of some modes only, if that is enough.
    """
    rows = state[0], state[1], state[2]
    arrays = modes[G], modes[PULL], modes[D], modes[FALLS], shares, _rows(power), rows
    first = min(_SOME, shares.size)
    found = _bounds(arrays, t, first)
    if first == shares.size or found[0] > enough:
        return found
    return _bounds(arrays, t, shares.size)


@summing
def _bounds(arrays, t, count):
    """Return what `_most` does of the first modes.

    Once w has its last sign, real roots let the steps of either parity fall for good
    when they do, so that of those the next two are the highest. All others stay below
    their bounds. Errors are some units of rounding of w times its bound, and grow with
    the steps where roots are no positive numbers.
    """
    wide_vectors()
    g, pull, d, kind, shares, power, state = arrays
    most, swinging, error = 0.0, 0.0, 0.0
    grown = _ERROR + t * _ERROR_OF_STEP
    for i in range(count):
        w, v, peak = _moved(g, pull, d, power, state, i)
        w, v = kind[i] * w, kind[i] * v
        step = fma(d[i], v, -(pull[i] * w))
        after = w + step
        second = after + fma(d[i], step, -(pull[i] * after))
        falls = (w > 0.0) & (after > 0.0) & (after <= w - v) & (second <= w)
        high = max(w, after)
        square = shares[i] * (high * high)
        bound = shares[i] * peak
        most += square if falls else bound
        swinging += 0.0 if falls else bound
        steady = falls & (d[i] >= 0.0)
        error += (0.5 * _ERROR) * (square + bound) if steady else grown * bound
    return most, swinging, error


@summing
def _sum(shares, w):
    wide_vectors()
    total = 0.0
    for i in range(shares.size):
        total += shares[i] * (w[i] * w[i])
    return total


@jit
def _step(pull, d, w, v):
    apart()
    wide_vectors()
    for i in range(w.size):
        v[i] = fma(d[i], v[i], -(pull[i] * w[i]))
        w[i] += v[i]


@jit
def doubt(found, t, steps, level, slack):
    """Return the bound of the error of a sum at t, `steps` of which were walked.

    `slack` is what the modes given differ from those that they stand for. In the first
    steps roots near 0 leave of w no more than the rounding of what it was.
    """
    early = _ERROR_OF_STEP * math.sqrt(level) + _ERROR_OF_STEP * _ERROR_OF_STEP
    early = early if t <= EARLY else 0.0
    return slack + early + found[2] + steps * 2.0**-52 * found[0]


@jit
def _below(modes, shares, level, slack, power, state, t):
    """Tell whether the sum stays below the level from t on, behind a power of steps."""
    found = _most(modes, shares, power, state, t, level)
    return found[0] + doubt(found, t, 0, level, slack) <= level


@jit
def bracket(modes, shares, level, slack, powers, states):
    """Return the last t ≥ 1 at which what is at most to come is above the level.

    0 if it is so nowhere, inf if it is so everywhere; states[0] is then the state at t,
    and powers has the levels up to there.
    """
    start, rest = states[0], states[2]
    _start(modes, start)
    _no_power(modes, rest)
    if _below(modes, shares, level, slack, rest, start, 1.0):
        return 0.0
    _first_power(modes, powers[0])
    top = 0
    while not _below(
        modes, shares, level, slack, powers[top % LEVELS], start, 2.0**top
    ):
        if top == _HIGHEST:
            return np.inf
        _squared(modes, powers[top % LEVELS], powers[(top + 1) % LEVELS])
        top += 1
    return _refine(modes, shares, level, slack, powers, states, top)


@jit
def _refine(modes, shares, level, slack, powers, states, top):
    """Return the last t below 1 + 2^top as `bracket` does."""
    here, there = states[0], states[1]
    t = 1.0
    for j in range(top - 1, max(top - LEVELS, -1), -1):
        power = powers[j % LEVELS]
        # the highest has been found to be above
        high = j == top - 1
        if high or not _below(modes, shares, level, slack, power, here, t + 2.0**j):
            _jump(modes, power, here, there)
            here, there = there, here
            t += 2.0**j
    states[0] = here
    return t


@jit
def _seek(modes, powers, states, t):
    """Put the ensemble to t into states[0]."""
    here, there = states[0], states[1]
    _start(modes, here)
    left, j = int(t) - 1, 0
    while left > 0:
        if left % 2 == 1:
            _jump(modes, powers[j], here, there)
            here, there = there, here
        left //= 2
        j += 1
    states[0] = here


@jit
def _now(modes, shares, states, t):
    return _most(modes, shares, states[2], states[0], t, np.inf)


@jit
def judge(modes, shares, level, slack, states, t):
    """Return 1 where the sum at t is above the level, −1 where not, 0 in doubt."""
    excess = _sum(shares, states[0][0]) - level
    if abs(excess) <= doubt(_now(modes, shares, states, t), t, 0, level, slack):
        return 0
    return 1 if excess > 0.0 else -1


@jit
def falls_from(modes, shares, powers, states, t):
    """Tell whether no mode may swing from t on."""
    _seek(modes, powers, states, t)
    return _now(modes, shares, states, t)[1] == 0.0


@jit
def descend(modes, shares, level, slack, low, powers, states, t, work):
    """Return the last step below t that may be above the level, and whether it is.

    `work` is what was walked before; with what was walked here, it comes back.

    None before `low` is looked at. Steps are walked through in blocks, each twice as
    long as the one before it. 0 and True where there is none; NaN and True where that
    takes too long.
    """
    length = _SHORT
    low = max(low, 1.0)
    while t > low:
        first = max(low, t - length)
        work += (t - first) * (shares.size + _STEP)
        if work > MOST_WORK:
            return np.nan, True, work
        _seek(modes, powers, states, first)
        most = _now(modes, shares, states, t)
        least = level - doubt(most, t, length, level, slack)
        found, at = -1.0, first
        while at < t:
            if _sum(shares, states[0][0]) > least:
                found = at
            _step(modes[PULL], modes[D], states[0][0], states[0][1])
            at += 1.0
        if found > 0.0:
            _seek(modes, powers, states, found)
            verdict = judge(modes, shares, level, slack, states, found)
            if verdict >= 0:
                return found, verdict > 0, work
            # the bound was one for all of the block
            t, length = found, max(length // 4, _SHORT)
        else:
            t, length = first, 2 * length
    return 0.0, True, work


@jit
def last_above(modes, shares, level, slack, low, powers, states):
    """Return the last step that may be above the level, whether it is, and the work.

    0 where that is before `low`, inf where there is no last one; beyond 2⁵³ where the
    bound passes the level.
    """
    t = bracket(modes, shares, level, slack, powers, states)
    if t < low:
        return 0.0, True, 0.0
    if not 0.0 < t < FAR:
        return t, True, 0.0
    verdict = judge(modes, shares, level, slack, states, t)
    if verdict >= 0:
        return t, verdict > 0, 0.0
    return descend(modes, shares, level, slack, low, powers, states, t, 0.0)
