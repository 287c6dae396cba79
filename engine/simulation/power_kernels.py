"""Powers of the matrix M of one step, for many modes at once, in double-doubles.

Mᵐ = a·M + b, since M² = T·M − D, see `modes.powers`. The loop over the bits of m is
outside of that over the modes of a block, which the compiler makes vector code of.
"""

from numba import prange

from ..arithmetic.double_double import Pair, add, multiply, negative, subtract
from ..arithmetic.intrinsics import assume_noalias, wide_vectors
from ..arithmetic.jit import inlined, jit
from ..arithmetic.memory import line_aligned
from ..backends.compile import cached
from .step_kernels import TINY

# modes of a block
_BLOCK = 128


@jit
def _multiply_powers(t, t_lo, d, d_lo, a, a_lo, b, b_lo, p, p_lo, q, q_lo):
    """Replace powers a·M + b by their products with p·M + q."""
    assume_noalias()
    wide_vectors()
    for i in range(t.size):
        trace, determinant = Pair(t[i], t_lo[i]), Pair(d[i], d_lo[i])
        x, y = Pair(a[i], a_lo[i]), Pair(b[i], b_lo[i])
        u, v = Pair(p[i], p_lo[i]), Pair(q[i], q_lo[i])
        square = multiply(x, u)
        slope = add(add(multiply(square, trace), multiply(x, v)), multiply(y, u))
        rest = subtract(multiply(y, v), multiply(square, determinant))
        a[i], a_lo[i] = slope.hi, slope.lo
        b[i], b_lo[i] = rest.hi, rest.lo


@jit
def _square_powers(t, t_lo, d, d_lo, a, a_lo, b, b_lo):
    """Replace powers a·M + b by their squares."""
    assume_noalias()
    wide_vectors()
    for i in range(t.size):
        trace, determinant = Pair(t[i], t_lo[i]), Pair(d[i], d_lo[i])
        x, y = Pair(a[i], a_lo[i]), Pair(b[i], b_lo[i])
        square, both = multiply(x, x), multiply(x, y)
        slope = add(multiply(square, trace), Pair(2.0 * both.hi, 2.0 * both.lo))
        rest = subtract(multiply(y, y), multiply(square, determinant))
        a[i], a_lo[i] = slope.hi, slope.lo
        b[i], b_lo[i] = rest.hi, rest.lo


@inlined
def _normal(x):
    """Return x, or 0 where it is so small that arithmetic with it is slow."""
    return Pair(x.hi if abs(x.hi) >= TINY else 0.0, x.lo if abs(x.hi) >= TINY else 0.0)


@jit
def _upper_rows(t, t_lo, d, d_lo, p, p_lo, q, q_lo, a, a_lo, b, b_lo):
    """Write the upper row of a·M + b, p = aT + b and q = −aD."""
    assume_noalias()
    wide_vectors()
    for i in range(t.size):
        x, y = Pair(a[i], a_lo[i]), Pair(b[i], b_lo[i])
        left = _normal(add(multiply(x, Pair(t[i], t_lo[i])), y))
        right = _normal(negative(multiply(x, Pair(d[i], d_lo[i]))))
        x, y = _normal(x), _normal(y)
        p[i], p_lo[i] = left.hi, left.lo
        q[i], q_lo[i] = right.hi, right.lo
        a[i], a_lo[i] = x.hi, x.lo
        b[i], b_lo[i] = y.hi, y.lo


@jit
def _apply(first, first_lo, p, p_lo, q, q_lo, w, w_lo):
    """Write p·w_1 + q, one of the two numbers of a state, from rest."""
    assume_noalias()
    wide_vectors()
    for i in range(w.size):
        share = multiply(Pair(p[i], p_lo[i]), Pair(first[i], first_lo[i]))
        whole = _normal(add(share, Pair(q[i], q_lo[i])))
        w[i], w_lo[i] = whole.hi, whole.lo


@jit
def _block_of_powers(part, recurrences, m, matrix, state):
    t, t_lo, d, d_lo = (
        recurrences[0][part],
        recurrences[1][part],
        recurrences[2][part],
        recurrences[3][part],
    )
    first, first_lo = recurrences[4][part], recurrences[5][part]
    p, p_lo, q, q_lo = (
        matrix[0][part],
        matrix[1][part],
        matrix[2][part],
        matrix[3][part],
    )
    a, a_lo, b, b_lo = (
        matrix[4][part],
        matrix[5][part],
        matrix[6][part],
        matrix[7][part],
    )
    x, x_lo = line_aligned(t.size), line_aligned(t.size)
    y, y_lo = line_aligned(t.size), line_aligned(t.size)
    a[:], a_lo[:], b[:], b_lo[:] = 0.0, 0.0, 1.0, 0.0
    x[:], x_lo[:], y[:], y_lo[:] = 1.0, 0.0, 0.0, 0.0
    while m > 0:
        if m % 2 == 1:
            _multiply_powers(t, t_lo, d, d_lo, a, a_lo, b, b_lo, x, x_lo, y, y_lo)
        m //= 2
        if m > 0:
            _square_powers(t, t_lo, d, d_lo, x, x_lo, y, y_lo)
    _upper_rows(t, t_lo, d, d_lo, p, p_lo, q, q_lo, a, a_lo, b, b_lo)
    _apply(first, first_lo, p, p_lo, q, q_lo, state[0][part], state[1][part])
    _apply(first, first_lo, a, a_lo, b, b_lo, state[2][part], state[3][part])


def _write_powers(recurrences, m, matrix, state):
    n = recurrences[0].size
    for block in prange((n + _BLOCK - 1) // _BLOCK):
        part = slice(block * _BLOCK, (block + 1) * _BLOCK)
        _block_of_powers(part, recurrences, m, matrix, state)


# (recurrences, m, matrix, state): recurrences are T, D and w_1, high and low halves,
# 6 × (n,). For whole m ≥ 0 it writes Mᵐ by rows, 8 × (n,), and w_{m+1} and w_m from
# rest with w_0 = 1, 4 × (n,).
write_powers = cached(_write_powers, parallel=True)
