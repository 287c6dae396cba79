"""Kernels that move modes and add up their loss and distance at every step.

The motion is that of [Eq. 2], a step from the last one and the pull of the gradient:
rounding errors then stay those of some steps, also in the slowest modes. Sums go over
blocks, in an order that no number of threads changes.
"""

from numba import prange

from ..arithmetic.intrinsics import fma, wide_vectors
from ..arithmetic.jit import jit, summing
from ..backends.compile import cached
from .step_kernels import SPAN, flush_denormals

BLOCK = 512


@jit
def _move(one_minus_T_plus_D, determinant, w, last):
    wide_vectors()
    for i in range(w.size):
        step = fma(-one_minus_T_plus_D[i], w[i], determinant[i] * last[i])
        last[i] = step
        w[i] += step


@summing
def _loss_and_square(slopes, coefficients, w):
    wide_vectors()
    loss, square = 0.0, 0.0
    for i in range(w.size):
        loss += slopes[i] * (w[i] * w[i])
        square += coefficients[i] * (w[i] * w[i])
    return loss, square


def _record(one_minus_T_plus_D, determinant, slopes, coefficients, w, last, sums):
    for block in prange(sums.shape[1]):
        part = slice(block * BLOCK, (block + 1) * BLOCK)
        still, now, step = one_minus_T_plus_D[part], w[part], last[part]
        damping, steep, coefficient = (
            determinant[part],
            slopes[part],
            coefficients[part],
        )
        for t in range(sums.shape[0]):
            _move(still, damping, now, step)
            sums[t, block, 0], sums[t, block, 1] = _loss_and_square(
                steep, coefficient, now
            )
            if t % SPAN == SPAN - 1:
                flush_denormals(now, step)


# (pull, determinant, slopes, shares, w, last, sums): for each step of sums (steps,
# blocks, 2) w moves by D·last − pull·w, then Σ slopes·w² and Σ shares·w² of each block.
record = cached(_record, parallel=True)
