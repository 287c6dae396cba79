"""Many steps at once: every m-th step of a recurrence is a recurrence again.

With M = [[T, −D], [1, 0]], the matrix of one step, M² = T·M − D, so that each power is
Mᵐ = a·M + b. Of (w_{t+1}, w_t) the lower row gives w_{t+m} = a·w_{t+1} + b·w_t, and the
trace and determinant of Mᵐ give w_{t+m} = T_m w_t − Dᵐ w_{t−m}.
"""

from typing import NamedTuple

from ..arithmetic.double_double import Pair, add, multiply, pair, scaled, subtract
from ..arithmetic.exact_sums import total
from ..arithmetic.jit import jit

# the error of double-doubles grows with m²; here it is 10⁻¹³ of the envelope
LONGEST = 2**30


class _Power(NamedTuple):
    """A power a·M + b of the matrix M of one step, with a and b as double-doubles."""

    a: Pair
    b: Pair


@jit
def _times(x, y, t, d):
    """Return the product of two powers of M, with M² = T·M − D."""
    square = multiply(x.a, y.a)
    a = add(multiply(square, t), multiply(x.a, y.b))
    a = add(a, multiply(x.b, y.a))
    return _Power(a, subtract(multiply(x.b, y.b), multiply(square, d)))


@jit
def matrix_power(r, m):
    """Return T_m, Dᵐ, w_m, 1 − T_m + Dᵐ and w_m − 1 of every m-th step  [Eq. 29].

    From rest. Each is rounded once. m is whole, from 0 to `LONGEST`; the cost grows
    with ln m.
    """
    t, d, first = total(r.trace), total(r.determinant), total(r.first)
    zero, one = pair(0.0), pair(1.0)
    power, d_power = _Power(zero, one), one
    square, d_square = _Power(one, zero), d
    left = int(m)
    while left > 0:
        if left % 2 == 1:
            power = _times(power, square, t, d)
            d_power = multiply(d_power, d_square)
        left //= 2
        if left > 0:
            square = _times(square, square, t, d)
            d_square = multiply(d_square, d_square)
    trace = add(multiply(power.a, t), scaled(power.b, 2.0))
    w = add(multiply(power.a, first), power.b)
    one_minus_T_plus_D = add(subtract(d_power, trace), one)
    return trace.hi, d_power.hi, w.hi, one_minus_T_plus_D.hi, add(w, pair(-1.0)).hi
