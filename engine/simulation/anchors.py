"""Where each mode is at an iteration, in double-doubles, and the way to a later one.

The state of a mode is (w_{t+1}, w_t), two iterations in a row: with states m iterations
apart, an oscillation of a period near m would stand still. Mᵐ, a power of the matrix M
of one step, leads to the state after m iterations. Both are kept as double-doubles, so
that what w loses within m iterations takes no digits with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..arithmetic.double_double import add, multiply, negative, pair
from ..arithmetic.exact_sums import total
from ..arithmetic.jit import jit
from ..arithmetic.memory import LANES, page_aligned
from ..backends.evaluate import evaluate
from ..modes.methods import Method
from ..modes.powers import _Power, _times
from ..typing import Floats
from .step_kernels import TINY

# numbers of a mode: w_{t+1} and w_t; Mᵐ by rows, halves side by side; c, α and β
STATE, MATRIX, STEP = 4, 8, 3


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
def _matrix(r, m):
    """Return Mᵐ."""
    p, q, a, b = _rows(total(r.trace), total(r.determinant), m)
    p, q, a, b = _normal(p), _normal(q), _normal(a), _normal(b)
    return p.hi, p.lo, q.hi, q.lo, a.hi, a.lo, b.hi, b.lo


@jit
def _state(r, t):
    """Return w_{t+1} and w_t, from rest with w_0 = 1."""
    p, q, a, b = _rows(total(r.trace), total(r.determinant), t)
    first = total(r.first)
    after, w = _normal(add(multiply(p, first), q)), _normal(add(multiply(a, first), b))
    return after.hi, after.lo, w.hi, w.lo


@jit
def _step(r, _argument):
    """Return c, α and β of one step: u ← βu + αw, w ← cw + u, with u = w − c·w_before.

    c = ±√|D| with the sign of T, β = D/c and α = T − c − β. No sum cancels: each
    number is below 4ρ. Where w is slow, α and u are small, and w keeps its digits.
    """
    t, d = total(r.trace), total(r.determinant)
    c = math.copysign(math.sqrt(abs(d.hi)), t.hi)
    beta = d.hi / c if c != 0.0 else 0.0
    alpha = add(add(t, pair(-c)), pair(-beta))
    return c, alpha.hi, beta


def _evaluated(
    method: Method,
    kernel: object,
    parameters: Sequence[float],
    k: Floats,
    count: int,
    argument: int,
    threads: int | None,
) -> Floats:
    """Return the numbers of a kernel, (count, n), each row aligned."""
    out = np.empty((k.size, count))
    evaluate(
        method, kernel, parameters, k, out, argument=float(argument), threads=threads
    )
    return aligned_rows(out.T)


def aligned_rows(rows: npt.ArrayLike) -> Floats:
    """Return a copy of rows (m, n) that begin where lines of the cache do."""
    values = np.asarray(rows, dtype=np.float64)
    n = values.shape[1]
    padded = np.zeros((len(values), -(-n // LANES) * LANES))
    padded[:, :n] = values
    return page_aligned(padded).reshape(padded.shape)[:, :n]


def state(
    method: Method,
    parameters: Sequence[float],
    k: Floats,
    t: int,
    threads: int | None = None,
) -> Floats:
    """Return w_{t+1} and w_t of each mode, (4, n): high and low half of each.

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
) -> Floats:
    """Return Mᵐ of each mode for a stride m, (8, n); the arguments are as for `state`."""
    return _evaluated(method, _matrix, parameters, k, MATRIX, stride, threads)


def step(
    method: Method, parameters: Sequence[float], k: Floats, threads: int | None = None
) -> Floats:
    """Return c, α and β of each mode, (3, n), see `_step`."""
    return _evaluated(method, _step, parameters, k, STEP, 0, threads)
