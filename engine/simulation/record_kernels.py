"""Kernels that advance modes and sum their loss and distance at every step.

The step has the form of [Eq. 2], Δw_t = D·Δw_{t−1} − (1 − T + D)·w_t, in which rounding
errors do not accumulate in slow modes. Sums are taken block by block; their order does
not depend on the number of threads.
"""

from numba import prange

from ..arithmetic.intrinsics import fma, wide_vectors
from ..arithmetic.jit import jit, summing
from ..backends.compile import cached
from .step_kernels import SPAN, flush_denormals

# modes of a block
BLOCK = 512


@jit
def _advance(one_minus_T_plus_D, determinant, w, last):
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
        m, d = one_minus_T_plus_D[part], determinant[part]
        slopes_block, coefficients_block = slopes[part], coefficients[part]
        w_block, last_block = w[part], last[part]
        for t in range(sums.shape[0]):
            _advance(m, d, w_block, last_block)
            sums[t, block, 0], sums[t, block, 1] = _loss_and_square(
                slopes_block, coefficients_block, w_block
            )
            if t % SPAN == SPAN - 1:
                flush_denormals(w_block, last_block)


# (one_minus_T_plus_D, determinant, slopes, coefficients, w, last, sums): advances w and
# last, all (n,), by sums.shape[0] steps, and writes Σ slopes·w² and Σ coefficients·w²
# of each step and block into sums, (steps, blocks, 2)
record = cached(_record, parallel=True)
