"""Kernels that advance modes in time, in blocks that fit into the L1 cache.

A block is advanced by many steps before the next block. Each pass over it makes several
steps of a mode in registers, so that the kernels are bound by arithmetic: two
operations a step for constant parameters, four for a schedule. The state of a mode is
w_t and its last step w_t − w_{t−1}. The twin in C is backends/c/step_kernels.c.
"""

from numba import prange

from ..arithmetic.intrinsics import fma, wide_vectors
from ..arithmetic.jit import jit
from ..backends.compile import cached

# modes of a block: four arrays of them are 32 KiB
BLOCK = 1024
LEAST_BLOCK = 64
# Arithmetic on numbers below 2⁻¹⁰²² is about 100 times slower. Every SPAN steps, modes
# below TINY are set to 0.
SPAN = 240
TINY = 1e-290


@jit
def flush_denormals(w, before):
    """Set modes with |w| + |before| < `TINY` to 0."""
    wide_vectors()
    for i in range(w.size):
        negligible = abs(w[i]) + abs(before[i]) < TINY
        w[i] = 0.0 if negligible else w[i]
        before[i] = 0.0 if negligible else before[i]


@jit
def _two_steps(t, d, w, before):
    before = fma(t, w, -(d * before))
    return fma(t, before, -(d * w)), before


@jit
def _one_step(trace, determinant, w, before):
    for i in range(w.size):
        after = fma(trace[i], w[i], -(determinant[i] * before[i]))
        w[i], before[i] = after, w[i]


@jit
def _move(trace, determinant, w, before, steps):
    wide_vectors()
    for _ in range(steps // 10):
        for i in range(w.size):
            t, d, w_t, w_before = trace[i], determinant[i], w[i], before[i]
            for _ in range(5):
                w_t, w_before = _two_steps(t, d, w_t, w_before)
            w[i], before[i] = w_t, w_before
    for _ in range(steps % 10):
        _one_step(trace, determinant, w, before)
    flush_denormals(w, before)


@jit
def _differences(w, other):
    """Replace w_{t−1} by the last step w_t − w_{t−1}, or the step by w_{t−1}."""
    for i in range(w.size):
        other[i] = w[i] - other[i]


@jit
def _one_scheduled(k, eps, p, w, last):
    for i in range(w.size):
        last[i] = fma(-(eps * k[i]), w[i], p * last[i])
        w[i] += last[i]


@jit
def _follow(k, eps, p, w, last):
    wide_vectors()
    stop = eps.size - eps.size % 6
    for start in range(0, stop, 6):
        for i in range(w.size):
            k_i, w_t, step = k[i], w[i], last[i]
            for s in range(6):
                step = fma(-(eps[start + s] * k_i), w_t, p[start + s] * step)
                w_t += step
            w[i], last[i] = w_t, step
    for s in range(stop, eps.size):
        _one_scheduled(k, eps[s], p[s], w, last)
    flush_denormals(w, last)


def _move_blocks(trace, determinant, w, last, steps, size):
    for block in prange((w.size + size - 1) // size):
        part = slice(block * size, (block + 1) * size)
        _differences(w[part], last[part])
        for start in range(0, steps, SPAN):
            count = min(SPAN, steps - start)
            _move(trace[part], determinant[part], w[part], last[part], count)
        _differences(w[part], last[part])


def _follow_blocks(k, eps, p, w, last, size):
    for block in prange((w.size + size - 1) // size):
        part = slice(block * size, (block + 1) * size)
        for start in range(0, eps.size, SPAN):
            span = slice(start, start + SPAN)
            _follow(k[part], eps[span], p[span], w[part], last[part])


# (trace, determinant, w, last, steps, size): `steps` times w_{t+1} = T·w_t − D·w_{t−1},
# in blocks of `size` modes
move = cached(_move_blocks, parallel=True)
# (k, eps, p, w, last, size): a step of the heavy ball for each eps and p, [Eq. 2]
# [Eq. 28]
follow = cached(_follow_blocks, parallel=True)
