"""The last step at which Σ share·w² of an ensemble is above a level.

A ladder of 1, 2, 4, … steps finds, by what each mode is at most from a step on, the
first step from which the sum stays below the level for good; from there the way leads
down, in blocks that are stepped through, to the last step at which the sum itself is
above. Errors are bounded, and where they leave a doubt, the caller is asked.
"""

import math

import numpy as np

from ..arithmetic.double_double import FAR
from ..arithmetic.jit import jit
from .matrix_powers import (
    ERROR_OF_STEP,
    LEVELS,
    first_power,
    jump,
    most_now,
    most_of,
    no_power,
    seek,
    squared,
    start,
    step,
    sum_of,
)
from .mode_bounds import ONE_MINUS_T_PLUS_D, D

_HIGHEST = 1023
# the first steps, see `doubt`
EARLY = 64.0
# steps of the first block on the way down
_SHORT = 32
# of a walk, in modes times steps; what takes longer is not decided. A step alone takes
# as long as so many modes
MOST_WORK = 2.0**28
_STEP = 64


@jit
def doubt(found, t, steps, level, slack):
    """Return the bound of the error of a sum at t, `steps` of which were walked.

    `slack` is what the modes given differ from those that they stand for. In the first
    steps roots near 0 leave of w no more than the rounding of what it was.
    """
    early = ERROR_OF_STEP * math.sqrt(level) + ERROR_OF_STEP * ERROR_OF_STEP
    early = early if t <= EARLY else 0.0
    return slack + early + found[2] + steps * 2.0**-52 * found[0]


@jit
def _below(modes, coefficients, level, slack, power, state, t):
    """Tell whether the sum stays below the level from t on, behind a power of steps."""
    found = most_of(modes, coefficients, power, state, t, level)
    return found[0] + doubt(found, t, 0, level, slack) <= level


@jit
def bracket(modes, coefficients, level, slack, powers, states):
    """Return the last t ≥ 1 at which what is at most to come is above the level.

    0 if it is so nowhere, inf if it is so everywhere; states[0] is then the state at t,
    and powers has the levels up to there.
    """
    begin, rest = states[0], states[2]
    start(modes, begin)
    no_power(modes, rest)
    if _below(modes, coefficients, level, slack, rest, begin, 1.0):
        return 0.0
    first_power(modes, powers[0])
    top = 0
    while not _below(
        modes, coefficients, level, slack, powers[top % LEVELS], begin, 2.0**top
    ):
        if top == _HIGHEST:
            return np.inf
        squared(modes, powers[top % LEVELS], powers[(top + 1) % LEVELS])
        top += 1
    return _refine(modes, coefficients, level, slack, powers, states, top)


@jit
def _refine(modes, coefficients, level, slack, powers, states, top):
    """Return the last t below 1 + 2^top as `bracket` does."""
    here, there = states[0], states[1]
    t = 1.0
    for j in range(top - 1, max(top - LEVELS, -1), -1):
        power = powers[j % LEVELS]
        # the highest has been found to be above
        high = j == top - 1
        if high or not _below(
            modes, coefficients, level, slack, power, here, t + 2.0**j
        ):
            jump(modes, power, here, there)
            here, there = there, here
            t += 2.0**j
    states[0] = here
    return t


@jit
def judge(modes, coefficients, level, slack, states, t):
    """Return 1 where the sum at t is above the level, −1 where not, 0 in doubt."""
    excess = sum_of(coefficients, states[0][0]) - level
    if abs(excess) <= doubt(
        most_now(modes, coefficients, states, t), t, 0, level, slack
    ):
        return 0
    return 1 if excess > 0.0 else -1


@jit
def falls_from(modes, coefficients, powers, states, t):
    """Tell whether no mode may swing from t on."""
    seek(modes, powers, states, t)
    return most_now(modes, coefficients, states, t)[1] == 0.0


@jit
def descend(modes, coefficients, level, slack, low, powers, states, t, work):
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
        work += (t - first) * (coefficients.size + _STEP)
        if work > MOST_WORK:
            return np.nan, True, work
        seek(modes, powers, states, first)
        most = most_now(modes, coefficients, states, t)
        least = level - doubt(most, t, length, level, slack)
        found, at = -1.0, first
        while at < t:
            if sum_of(coefficients, states[0][0]) > least:
                found = at
            step(modes[ONE_MINUS_T_PLUS_D], modes[D], states[0][0], states[0][1])
            at += 1.0
        if found > 0.0:
            seek(modes, powers, states, found)
            verdict = judge(modes, coefficients, level, slack, states, found)
            if verdict >= 0:
                return found, verdict > 0, work
            # the bound was one for all of the block
            t, length = found, max(length // 4, _SHORT)
        else:
            t, length = first, 2 * length
    return 0.0, True, work


@jit
def last_above(modes, coefficients, level, slack, low, powers, states):
    """Return the last step that may be above the level, whether it is, and the work.

    0 where that is before `low`, inf where there is no last one; beyond 2⁵³ where the
    bound passes the level.
    """
    t = bracket(modes, coefficients, level, slack, powers, states)
    if t < low:
        return 0.0, True, 0.0
    if not 0.0 < t < FAR:
        return t, True, 0.0
    verdict = judge(modes, coefficients, level, slack, states, t)
    if verdict >= 0:
        return t, verdict > 0, 0.0
    return descend(modes, coefficients, level, slack, low, powers, states, t, 0.0)
