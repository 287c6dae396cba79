"""One step of a method on w itself, with products with the Hessian in place of k.

T and D of a method are affine in k, and so is a step in the form of [Eq. 2]:
Δw_t = D(H) Δw_{t−1} − (1 − T + D)(H) w_t, with one product a step.
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
    """A step of a method, each field a + b·k as the pair (a, b).

    a and b are numbers, or (n,) where each weight has its own (Jacobs 1988).

    Attributes
    ----------
    determinant : D, the share of the last step that is kept
    margin : 1 − T + D, the pull of w
    first : w_1 − 1 from rest with w_0 = 1
    """

    determinant: Affine
    margin: Affine
    first: Affine


def coupled_step(
    method: Method, parameters: Sequence[float], threads: int | None = None
) -> CoupledStep:
    """Return the step of a method, each number rounded once.

    Parameters
    ----------
    method, parameters : as the method names them, ε and p for the heavy ball
    threads : as for `sweep`; they change no bit
    """
    k, sums = np.array([0.0, 1.0]), np.empty((2, 6))
    evaluate(method, _sums, parameters, k, sums, threads=threads)
    level, above = ([Fraction(x) for x in row] for row in sums.tolist())
    t, d, first = ((level[i] + level[i + 1]) for i in (0, 2, 4))
    slopes = ((above[i] + above[i + 1]) for i in (0, 2, 4))
    t1, d1, first1 = (b - a for a, b in zip((t, d, first), slopes, strict=True))
    return CoupledStep(
        (float(d), float(d1)),
        (float(1 - t + d), float(d1 - t1)),
        (float(first - 1), float(first1)),
    )


@jit
def _sums(r, _argument):
    t, d, first = total(r.trace), total(r.determinant), total(r.first)
    return t.hi, t.lo, d.hi, d.lo, first.hi, first.lo


def iterate(apply: Apply, start: Floats, step: CoupledStep) -> Iterator[Floats]:
    """Yield w_0, w_1, … of the coupled iteration from rest  [Eq. 2] [Eq. 26].

    Parameters
    ----------
    apply : w → Hw, the gradient at w* + w
    start : (n,) w_0 − w*
    step : of the method
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
