"""Where each mode is at an iteration, in double-doubles, and the way to a later one.

The state of a mode is (w_{t+1}, w_t), two iterations in a row: with states m iterations
apart, an oscillation of a period near m would stand still. Mᵐ, a power of the matrix M
of one step, leads to the state after m iterations. Both are kept as double-doubles, so
that what w loses within m iterations takes no digits with it.
"""

from __future__ import annotations

from collections.abc import Sequence

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
from ..modes.methods import Method
from ..modes.powers import _Power, _times
from ..typing import Floats
from .step_kernels import TINY

# numbers of a mode: w_{t+1} and w_t; Mᵐ by rows, halves side by side; c, α and β
STATE, MATRIX, STEP = 4, 8, 3
# of double-doubles, for sums of some products
_ROUNDING = 2.0**-101


@jit
def _power(t, d, m):
    """Return Mᵐ = a·M + b for whole m ≥ 0."""
    zero, one = pair(0.0), pair(1.0)
    power, square = _Power(zero, one), _Power(one, zero)
    left = int(m)
    while left > 0:
        if left % 2 == 1:
            power = _times(power, square, t, d)
        left //= 2
        if left > 0:
            square = _times(square, square, t, d)
    return power


@jit
def _rows(t, d, m):
    """Return the four numbers of Mᵐ, [[aT + b, −aD], [a, b]]."""
    a, b = _power(t, d, m)
    return add(multiply(a, t), b), negative(multiply(a, d)), a, b


@jit
def _normal(a):
    """Return a, or 0 where it is so small that arithmetic with it is slow."""
    return a if abs(a.hi) >= TINY else pair(0.0)


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
def _matrix(r, m):
    """Return Mᵐ."""
    t, d = _trace_and_determinant(r)
    p, q, a, b = _rows(t, d, m)
    p, q, a, b = _normal(p), _normal(q), _normal(a), _normal(b)
    return p.hi, p.lo, q.hi, q.lo, a.hi, a.lo, b.hi, b.lo


@jit
def _state(r, m):
    """Return w_{m+1} and w_m, from rest with w_0 = 1."""
    t, d = _trace_and_determinant(r)
    p, q, a, b = _rows(t, d, m)
    first = total(r.first)
    after, w = _normal(add(multiply(p, first), q)), _normal(add(multiply(a, first), b))
    return after.hi, after.lo, w.hi, w.lo


@jit
def _step(r, _argument):
    """Return c, α and β of one step: u ← βu + αw, w ← cw + u, with u = w − c·w_before.

    c = ±√|D| with the sign of T, β = D/c and α = T − c − β. No number is above 4ρ, so
    that nothing cancels. Where w is slow, α and u are small, and w keeps its digits.
    """
    t, d = _trace_and_determinant(r)
    c = root(absolute(d))
    if t.hi < 0.0:
        c = negative(c)
    beta = c if d.hi > 0.0 else negative(c)
    return c.hi, subtract(subtract(t, c), beta).hi, beta.hi


Rows = tuple[Floats, ...]


def _evaluated(
    method: Method,
    kernel: object,
    parameters: Sequence[float],
    k: Floats,
    count: int,
    argument: int,
    threads: int | None,
) -> Rows:
    """Return the numbers of a kernel, `count` arrays (n,)."""
    out = np.empty((k.size, count))
    evaluate(
        method, kernel, parameters, k, out, argument=float(argument), threads=threads
    )
    return tuple(page_aligned(column) for column in out.T)


def state(
    method: Method,
    parameters: Sequence[float],
    k: Floats,
    t: int,
    threads: int | None = None,
) -> Rows:
    """Return w_{t+1} and w_t of each mode, 4 × (n,): high and low half of each.

    Parameters
    ----------
    method : the method
    parameters : its parameters, in its order
    k : (n,) curvatures
    t : iteration, from 0 to 2³⁰
    threads : number of threads, by default all; the bits do not depend on it
    """
    return _evaluated(method, _state, parameters, k, STATE, t, threads)


def matrix(
    method: Method,
    parameters: Sequence[float],
    k: Floats,
    stride: int,
    threads: int | None = None,
) -> Rows:
    """Return Mᵐ of each mode, 8 × (n,), for a stride m; see `state`."""
    return _evaluated(method, _matrix, parameters, k, MATRIX, stride, threads)


def step(
    method: Method, parameters: Sequence[float], k: Floats, threads: int | None = None
) -> Rows:
    """Return c, α and β of each mode, 3 × (n,), see `_step`."""
    return _evaluated(method, _step, parameters, k, STEP, 0, threads)
