"""Many steps at once: every m-th step of a recurrence is a recurrence again.

With M = [[T, −D], [1, 0]], the matrix of one step, M² = T·M − D, so that each power is
Mᵐ = a·M + b. Of (w_{t+1}, w_t) the lower row gives w_{t+m} = a·w_{t+1} + b·w_t, and the
trace and determinant of Mᵐ give w_{t+m} = T_m w_t − Dᵐ w_{t−m}.
"""

from ..arithmetic.double_double import add, multiply
from ..arithmetic.exact_sums import total
from ..arithmetic.jit import jit

# the error of double-doubles grows with m²; here it is 10⁻¹³ of the envelope
LONGEST = 2**30


@jit
def _times(a, b, c, d, t, e):
    """Return (a·M + b)(c·M + d) as two pairs."""
    square = multiply(a[0], a[1], c[0], c[1])
    left = multiply(a[0], a[1], d[0], d[1])
    right = multiply(b[0], b[1], c[0], c[1])
    slope = multiply(square[0], square[1], t[0], t[1])
    slope = add(slope[0], slope[1], left[0], left[1])
    slope = add(slope[0], slope[1], right[0], right[1])
    level = multiply(b[0], b[1], d[0], d[1])
    drop = multiply(square[0], square[1], e[0], e[1])
    return slope, add(level[0], level[1], -drop[0], -drop[1])


@jit
def matrix_power(r, m):
    """Return T_m, Dᵐ, w_m, 1 − T_m + Dᵐ and w_m − 1 of every m-th step  [Eq. 29].

    From rest. Each is rounded once. m is whole, from 0 to `LONGEST`; the cost grows
    with ln m.
    """
    t, d, first = total(r.trace), total(r.determinant), total(r.first)
    a, b, power = (0.0, 0.0), (1.0, 0.0), (1.0, 0.0)
    c, e, square = (1.0, 0.0), (0.0, 0.0), d
    left = int(m)
    while left > 0:
        if left % 2 == 1:
            a, b = _times(a, b, c, e, t, d)
            power = multiply(power[0], power[1], square[0], square[1])
        left //= 2
        if left > 0:
            c, e = _times(c, e, c, e, t, d)
            square = multiply(square[0], square[1], square[0], square[1])
    trace = multiply(a[0], a[1], t[0], t[1])
    trace = add(trace[0], trace[1], 2.0 * b[0], 2.0 * b[1])
    w = multiply(a[0], a[1], first[0], first[1])
    w = add(w[0], w[1], b[0], b[1])
    one_minus_T_plus_D = add(power[0], power[1], -trace[0], -trace[1])
    one_minus_T_plus_D = add(one_minus_T_plus_D[0], one_minus_T_plus_D[1], 1.0, 0.0)
    step = add(w[0], w[1], -1.0, 0.0)
    return trace[0], power[0], w[0], one_minus_T_plus_D[0], step[0]
