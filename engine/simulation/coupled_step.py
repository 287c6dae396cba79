"""The coupled iteration: a step of a method on all weights, with H in place of k.

T and D are affine in k, hence T(H) and D(H) are affine in H. In the form of [Eq. 2] a
step is Δw_t = D(H) Δw_{t−1} − (1 − T + D)(H) w_t, with one product with H.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..arithmetic.exact_sums import total
from ..arithmetic.jit import jit
from ..backends.evaluate import evaluate
from ..modes.methods import Method
from ..typing import Apply, Floats

Affine = tuple[float | Floats, float | Floats]


@dataclass(frozen=True, eq=False)
class CoupledStep:
    """A step of a method, affine in k: each field is (a, b) for a + b·k.

    a and b are numbers, or (n,) with a value for each weight (Jacobs 1988).

    Attributes
    ----------
    determinant : D, the coefficient of the last step
    margin : 1 − T + D, the coefficient of −w
    first : w_1 − 1 from rest with w_0 = 1
    """

    determinant: Affine
    margin: Affine
    first: Affine


def coupled_step(
    method: Method, parameters: Sequence[float], threads: int | None = None
) -> CoupledStep:
    """Return the step of a method, with correctly rounded coefficients.

    Parameters
    ----------
    method : the method
    parameters : its parameters, in its order
    threads : number of threads, by default all; the bits do not depend on it
    """
    k, sums = np.array([0.0, 1.0]), np.empty((2, 6))
    evaluate(method, _sums, parameters, k, sums, threads=threads)
    at_zero, at_one = ([Fraction(half) for half in row] for row in sums.tolist())
    t, d, first = (at_zero[i] + at_zero[i + 1] for i in (0, 2, 4))
    ends = (at_one[i] + at_one[i + 1] for i in (0, 2, 4))
    t_slope, d_slope, first_slope = (
        end - start for start, end in zip((t, d, first), ends, strict=True)
    )
    return CoupledStep(
        (float(d), float(d_slope)),
        (float(1 - t + d), float(d_slope - t_slope)),
        (float(first - 1), float(first_slope)),
    )


@jit
def _sums(r, _argument):
    """Return high and low halves of T, D and w_1."""
    t, d, first = total(r.trace), total(r.determinant), total(r.first)
    return t.hi, t.lo, d.hi, d.lo, first.hi, first.lo


def iterate(apply: Apply, start: Floats, step: CoupledStep) -> Iterator[Floats]:
    """Yield w_0 − w*, w_1 − w*, … of the coupled iteration  [Eq. 2] [Eq. 26].

    Parameters
    ----------
    apply : w → Hw, the gradient at w* + w
    start : (n,) w_0 − w*, at rest
    step : step of the method, see `coupled_step`
    """
    w = np.array(start, dtype=np.float64)
    product = apply(w)
    last = step.first[0] * w + step.first[1] * product
    while True:
        yield w
        w, before = w + last, product
        product = apply(w)
        last = (
            step.determinant[0] * last
            + step.determinant[1] * (product - before)
            - (step.margin[0] * w + step.margin[1] * product)
        )
