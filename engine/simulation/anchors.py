"""Where each mode is at an iteration, in double-doubles, and the way to a later one.

The state of a mode is (w_{t+1}, w_t), two iterations in a row: with states m iterations
apart, an oscillation of a period near m would stand still. Mᵐ, a power of the matrix M
of one step, leads to the state after m iterations. Both are kept as double-doubles, so
that what w loses within m iterations takes no digits with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..arithmetic.double_double import (
    absolute,
    add,
    multiply,
    negative,
    pair,
    root,
    subtract,
)
from ..arithmetic.exact_sums import total
from ..arithmetic.jit import jit
from ..arithmetic.memory import page_aligned
from ..backends.evaluate import evaluate
from ..backends.threads import on_threads
from ..modes.methods import Method
from ..typing import Floats
from .power_kernels import write_powers

Rows = tuple[Floats, ...]
# of double-doubles, for sums of some products
_ROUNDING = 2.0**-101
# numbers of a mode: T, D and w_1; c, α and β; Mᵐ by rows; w_{t+1} and w_t
_RECURRENCE, _STEP, _MATRIX, _STATE = 6, 3, 8, 4


class Anchor(NamedTuple):
    """Iteration m of all modes.

    Attributes
    ----------
    matrix : Mᵐ by rows, high and low halves side by side, 8 × (n,)
    state : w_{m+1} and w_m from rest with w_0 = 1, in the same way, 4 × (n,)
    """

    matrix: Rows
    state: Rows


class Steps(NamedTuple):
    """One step of all modes.

    Attributes
    ----------
    recurrences : T, D and w_1, high and low halves side by side, 6 × (n,)
    step : c, α and β, see `_numbers_of_step`, 3 × (n,)
    """

    recurrences: Rows
    step: Rows


@jit
def _trace_and_determinant(r):
    """Return T and D; w_1 and 0 where w_1 is a root, since w_t = w_1ᵗ then.

    What rounding gives to the other root would outlive w.
    """
    t, d, first = total(r.trace), total(r.determinant), total(r.first)
    square, other = multiply(first, first), multiply(first, t)
    size = square.hi + abs(other.hi) + abs(d.hi)
    if abs(add(subtract(square, other), d).hi) <= _ROUNDING * size:
        return first, pair(0.0)
    return t, d


@jit
def _numbers_of_step(r, _argument):
    """Return T, D and w_1, and c, α and β of a step of doubles.

    The step is u ← βu + αw, w ← cw + u, with u = w − c·w_before: c = ±√|D| with the
    sign of T, β = D/c and α = T − c − β. No number is above 4ρ, so that nothing
    cancels. Where w is slow, α and u are small, and w keeps its digits.
    """
    (t, d), first = _trace_and_determinant(r), total(r.first)
    c = root(absolute(d))
    if t.hi < 0.0:
        c = negative(c)
    beta = c if d.hi > 0.0 else negative(c)
    alpha = subtract(subtract(t, c), beta)
    return t.hi, t.lo, d.hi, d.lo, first.hi, first.lo, c.hi, alpha.hi, beta.hi


def steps_of(
    method: Method, parameters: Sequence[float], k: Floats, threads: int | None = None
) -> Steps:
    """Return one step of each mode.

    Parameters
    ----------
    method : the method
    parameters : its parameters, in its order
    k : (n,) curvatures
    threads : number of threads, by default all; the bits do not depend on it
    """
    out = np.empty((k.size, _RECURRENCE + _STEP))
    evaluate(method, _numbers_of_step, parameters, k, out, threads=threads)
    rows = tuple(page_aligned(column) for column in out.T)
    return Steps(rows[:_RECURRENCE], rows[_RECURRENCE:])


def anchor(steps: Steps, m: int, threads: int | None = None) -> Anchor:
    """Return the states at iteration m, from 0 to 2³⁰, and the matrices Mᵐ.

    The cost grows with ln m.
    """
    zeros = np.zeros(steps.recurrences[0].size)
    made = Anchor(
        tuple(page_aligned(zeros) for _ in range(_MATRIX)),
        tuple(page_aligned(zeros) for _ in range(_STATE)),
    )
    with on_threads(threads):
        write_powers(steps.recurrences, m, made.matrix, made.state)
    return made


def anchor_of(w: Floats) -> Anchor:
    """Return a state w without a way on."""
    zeros = page_aligned(np.zeros(w.size))
    # a kernel writes into a state
    state = tuple(page_aligned(values) for values in (zeros, zeros, w, zeros))
    return Anchor((zeros,) * _MATRIX, state)
