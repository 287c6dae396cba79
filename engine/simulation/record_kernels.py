"""Kernels that advance modes and sum their loss and distance at recorded iterations.

From each anchor, a state in double-doubles (`anchors`), a few iterations are made in
doubles; then the state is taken to the next anchor. Rounding errors do not add up over
more than `SPAN` iterations. Sums are taken block by block; their order does not depend
on the number of threads.
"""

from numba import prange

from ..arithmetic.double_double import (
    Pair,
    add,
    multiply,
    pair,
    product,
    quick_two_sum,
    two_sum,
)
from ..arithmetic.intrinsics import assume_noalias, fma, wide_vectors
from ..arithmetic.jit import inlined, jit, summing
from ..arithmetic.memory import line_aligned
from ..backends.compile import cached
from .step_kernels import SPAN, TINY

# modes of a block
BLOCK = 512
# iterations in doubles between two recorded ones, up to which they are faster than Mᵐ
_FEW = 8


def records_of_an_anchor(every: int) -> int:
    """Return how many recorded iterations, `every` apart, an anchor serves."""
    return SPAN // every if every <= _FEW else 1


@inlined
def _row(a_hi, a_lo, b_hi, b_lo, x, y):
    """Return a·x + b·y, its error about 2⁻¹⁰² of |a·x| + |b·y|."""
    one, other = product(a_hi, x.hi), product(b_hi, y.hi)
    whole = two_sum(one.hi, other.hi)
    rest = fma(a_hi, x.lo, fma(a_lo, x.hi, one.lo))
    rest += fma(b_hi, y.lo, fma(b_lo, y.hi, other.lo))
    return quick_two_sum(whole.hi, whole.lo + rest)


@jit
def _jump(p, p_lo, q, q_lo, a, a_lo, b, b_lo, after, after_lo, w, w_lo):
    """Replace states (w_{t+1}, w_t) by [[p, q], [a, b]]·(w_{t+1}, w_t)."""
    assume_noalias()
    wide_vectors()
    for i in range(w.size):
        x, y = Pair(after[i], after_lo[i]), Pair(w[i], w_lo[i])
        upper = _row(p[i], p_lo[i], q[i], q_lo[i], x, y)
        lower = _row(a[i], a_lo[i], b[i], b_lo[i], x, y)
        negligible = abs(upper.hi) + abs(lower.hi) < TINY
        after[i] = 0.0 if negligible else upper.hi
        after_lo[i] = 0.0 if negligible else upper.lo
        w[i] = 0.0 if negligible else lower.hi
        w_lo[i] = 0.0 if negligible else lower.lo


@jit
def _leave(after, after_lo, before, before_lo, c, w, u):
    """Set w and u = w − c·w_before to what they are one iteration after an anchor."""
    assume_noalias()
    wide_vectors()
    for i in range(w.size):
        share = multiply(pair(-c[i]), Pair(before[i], before_lo[i]))
        w[i] = after[i]
        u[i] = add(Pair(after[i], after_lo[i]), share).hi


@jit
def _advance(c, alpha, beta, w, u):
    wide_vectors()
    for i in range(w.size):
        u_i = fma(alpha[i], w[i], beta[i] * u[i])
        w[i] = fma(c[i], w[i], u_i)
        u[i] = u_i


@summing
def _loss_and_square(slopes, coefficients, w):
    wide_vectors()
    loss, square = 0.0, 0.0
    for i in range(w.size):
        # a mode without a share counts nothing where it is inf, too
        counted = w[i] if coefficients[i] > 0.0 else 0.0
        loss += slopes[i] * (counted * counted)
        square += coefficients[i] * (counted * counted)
    return loss, square


@jit
def _record_one(shares, w, sums, kept, row, block, part):
    loss, square = _loss_and_square(shares[0], shares[1], w)
    sums[row, block, 0], sums[row, block, 1] = loss, square
    if kept.size:
        kept[row, part] = w


@jit
def _record_block(block, matrix, state, step, shares, every, several, sums, kept):
    """Record all rows of the modes of one block, see `record`."""
    part = slice(block * BLOCK, (block + 1) * BLOCK)
    c, alpha, beta = step[0][part], step[1][part], step[2][part]
    shares = shares[0][part], shares[1][part]
    after, after_lo = state[0][part], state[1][part]
    at, at_lo = state[2][part], state[3][part]
    p, p_lo, q, q_lo, a, a_lo, b, b_lo = matrix
    w, u = line_aligned(at.size), line_aligned(at.size)
    for first in range(0, sums.shape[0], several):
        _record_one(shares, at, sums, kept, first, block, part)
        stop = min(first + several, sums.shape[0])
        if stop - first > 1:
            _leave(after, after_lo, at, at_lo, c, w, u)
        left = every - 1
        for row in range(first + 1, stop):
            for _ in range(left):
                _advance(c, alpha, beta, w, u)
            left = every
            _record_one(shares, w, sums, kept, row, block, part)
        _jump(
            p[part],
            p_lo[part],
            q[part],
            q_lo[part],
            a[part],
            a_lo[part],
            b[part],
            b_lo[part],
            after,
            after_lo,
            at,
            at_lo,
        )


def _record(matrix, state, step, shares, every, several, sums, kept):
    for block in prange(sums.shape[1]):
        _record_block(block, matrix, state, step, shares, every, several, sums, kept)


# (matrix, state, step, shares, every, several, sums, kept): matrix, state and step are
# those of `anchors`, shares the slopes and coefficients, 2 × (n,). From the state at an
# iteration t, writes Σ slopes·w² and Σ coefficients·w² of t, t + every, t + 2·every, …
# for each block into sums, (rows, blocks, 2), and w into kept, (rows, n), or nothing
# where that is (rows, 0). After `several` rows, and at the end, the matrix takes the
# state to the next anchor.
record = cached(_record, parallel=True)
