"""What cells of a whole spectrum's maps are made of, with blanks for a method.

A cell is a point of a map; each is computed from all modes. As in `templates`, names
that begin with an underscore and are None here are filled in by `kernels`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange

from ..arithmetic.double_double import (
    Pair,
    add,
    is_above,
    multiply,
    negative,
)
from ..arithmetic.exact_sums import total
from ..arithmetic.intrinsics import assume_noalias, wide_vectors
from ..arithmetic.jit import jit
from ..arithmetic.memory import LANES, line_aligned
from ..modes.motion import exact_size
from .last_crossing import EARLY, descend, falls_from, last_above
from .matrix_powers import LEVELS, POWER
from .mode_bounds import ONE_MINUS_R2, PEAK, ROWS, D, G, numbers_of, quick_numbers
from .mode_clusters import error_of_nodes, is_dead

_at: Any = None
_slower: Any = None
_fill: Any = None
_quickly: Any = None
_listed: Any = None
_exceeds: Any = None
_fallen: Any = None
_search: Any = None
_error: Any = None
_point: Any = None
_STATES = 3
# rows that a mode needs: k and share, numbers twice, the ladder and the states
MEMORY = 2 + 2 * ROWS + (LEVELS + _STATES) * POWER
# what it takes to ask all modes, in modes times steps
_ASKED, _ASKING = 2.0**10, 2.0**16
# cells that one thread computes at a time
_RUN = 16


def quickly(slower, inner, k, rows):
    """Write what is known of each mode, NaN first where a sum is in doubt."""
    assume_noalias()
    wide_vectors()
    for i in range(k.size):
        g, one_minus_T_plus_D, d, w, step, fall, most, kind = quick_numbers(
            _at(slower, inner, k[i])
        )
        rows[0][i], rows[1][i], rows[2][i], rows[3][i] = g, one_minus_T_plus_D, d, w
        rows[4][i], rows[5][i], rows[6][i], rows[7][i] = step, fall, most, kind


def fill(slower, inner, k, modes):
    """Write what is known of each mode, see `envelopes`."""
    low = modes[0], modes[1], modes[2], modes[3]
    _quickly(slower, inner, k, (*low, modes[4], modes[5], modes[6], modes[7]))
    for i in range(k.size):
        if modes[G, i] != modes[G, i]:
            numbers = numbers_of(_at(slower, inner, k[i]))
            for row in range(ROWS):
                modes[row, i] = numbers[row]


def exceeds(slower, inner, table, level, modes, t):
    """Tell whether Σ share·w² of all modes is above the level at t, by exact sums."""
    excess = negative(Pair(level[0], level[1]))
    tiny = 2.0**-120 * level[0] / table.shape[1]
    _fill(slower, inner, table[0], modes)
    for i in range(table.shape[1]):
        most = table[1, i] * modes[PEAK, i]
        if t > 1.0:
            most *= math.exp((t - 1.0) * math.log1p(-modes[ONE_MINUS_R2, i]))
        # at first roots near 0 have bounds that are rounded to nothing
        if most < tiny and t > EARLY:
            continue
        w = exact_size(_at(slower, inner, table[0, i]), t)
        coefficient = Pair(table[1, i], table[2, i])
        excess = add(excess, multiply(multiply(w, w), coefficient))
    return is_above(excess, 0.0)


def listed(slower, inner, table, clusters, level, low, k, coefficients, memory):
    """Write k and shares of what stands for the modes from a step on.

    Returns how many those are, and how much Σ share·w² may differ from there on.
    """
    n = clusters.mean.shape[1]
    ends = memory[: 3 * ROWS * n].reshape(3, ROWS, n)
    for i in range(3):
        _fill(slower, inner, clusters.middle[i], ends[i])
    count, slack = 0, 0.0
    for i in range(n):
        mass = clusters.mean[1, i]
        # either all or none of the modes move by one root
        whole = (ends[:, D, i] == 0.0).sum() % 3 == 0
        left = math.inf
        if whole:
            left = is_dead(ends[0, :, i], ends[2, :, i], mass, low, level / n)
        if left < math.inf:
            slack += left
            continue
        error = math.inf
        if whole:
            error = _error(slower, inner, clusters, i, ends[1, :, i], low, level / n)
        if error < math.inf:
            slack += error
            nodes, masses = clusters.nodes[i], clusters.coefficients[i]
        else:
            part = slice(clusters.starts[i], clusters.starts[i + 1])
            nodes, masses = table[0, part], table[1, part]
        k[count : count + nodes.size] = nodes
        coefficients[count : count + nodes.size] = masses
        count += nodes.size
    while count % LANES:
        k[count], coefficients[count] = k[count - 1], 0.0
        count += 1
    return count, slack


def error(slower, inner, clusters, i, middle, low, level):
    """Return how much the nodes of a group err, inf where that is too much."""
    if not clusters.coefficients[i, 0] > 0.0:
        return math.inf
    a = _at(slower, inner, clusters.middle[0, i])
    b = _at(slower, inner, clusters.middle[2, i])
    moved = (
        abs(total(b.trace).hi - total(a.trace).hi),
        abs(total(b.determinant).hi - total(a.determinant).hi),
        abs(total(b.first).hi - total(a.first).hi),
    )
    return error_of_nodes(middle, moved, clusters.mean[1, i], low, level)


def search(slower, inner, table, level, slack, low, k, coefficients, memory):
    """Return the last step at which the sum is above a level, 0 if none is from low on.

    `k` and `coefficients` stand for the modes; all modes are asked where they leave a
    doubt.
    """
    modes, powers, states = workspace_views(memory, k.size)
    others = memory[memory.size - ROWS * table.shape[1] :]
    _fill(slower, inner, k, modes)
    t, sure, work = last_above(
        modes, coefficients, level[0], slack, low, powers, states
    )
    others = others.reshape(ROWS, -1)
    while not sure:
        if _exceeds(slower, inner, table, level, others, t):
            break
        first = t
        while first > max(low, 1.0):
            first = max(low, 1.0, t - 2.0 * (t - first) - 1.0)
            if not falls_from(modes, coefficients, powers, states, first):
                break
            if _exceeds(slower, inner, table, level, others, first):
                return _fallen(slower, inner, table, level, others, first, t)
        work += _ASKED * table.shape[1] + _ASKING
        t, sure, work = descend(
            modes, coefficients, level[0], slack, low, powers, states, t, work
        )
    return t


def fallen(slower, inner, table, level, modes, low, high):
    """Return the last step above the level, where low is above it and high is not.

    Steps of either parity fall: of two neighbours one is above up to there.
    """
    while high - low > 1.0:
        middle = np.floor(0.5 * (low + high))
        if _exceeds(slower, inner, table, level, modes, middle) or _exceeds(
            slower, inner, table, level, modes, middle + 1.0
        ):
            low = middle
        else:
            high = middle
    after = low + 1.0
    return after if _exceeds(slower, inner, table, level, modes, after) else low


def points_of_map(head, modes, clusters, inner, argument, memory, out):
    """Fill a block of a map, cell by cell, in runs that are spread over the threads."""
    runs = (inner.size + _RUN - 1) // _RUN
    count = out.shape[0] * runs
    # what takes long stands together; each thread has a share of it
    stride = max(count // 2 - 1, 1)
    while math.gcd(stride, count) > 1:
        stride += 1
    for i in prange(count):
        row, run = divmod(i * stride % count, runs)
        room = line_aligned(memory * modes.shape[1])
        for j in range(run * _RUN, min((run + 1) * _RUN, inner.size)):
            out[row, j] = _point(
                _slower(head, row), inner[j], modes, clusters, argument, room
            )


@jit
def workspace_views(memory, n):
    """Return what is known of n modes, their ladder and their states, as `ladders`."""
    stop = (ROWS + LEVELS * POWER) * n
    modes = memory[: ROWS * n].reshape(ROWS, n)
    powers = memory[ROWS * n : stop].reshape(LEVELS, POWER, n)
    states = memory[stop : stop + _STATES * POWER * n].reshape(_STATES, POWER, n)
    return modes, powers, states
