"""Kernels that move modes through time, in blocks that stay in the first cache.

A block goes through many steps before the next one begins. A pass over it makes some
steps of each mode in registers, so that arithmetic is all that counts: two operations a
step where the parameters stay, four where they follow a schedule. The state of a mode
is w_t and its last step w_t − w_{t−1}. The twin in C is native/stepping.c.
"""

from numba import prange

from ..arithmetic.intrinsics import fma, wide_vectors
from ..arithmetic.jit import jit
from ..backends.compile import cached

# four arrays of so many modes are 32 KiB
BLOCK = 1024
LEAST_BLOCK = 64
# Arithmetic on numbers below 2⁻¹⁰²² is some hundred times slower: every so many steps a
# mode that has died away is put to rest.
SPAN = 240
TINY = 1e-290


@jit
def flush_denormals(w, before):
    """Put modes to rest that have died away."""
    wide_vectors()
    for i in range(w.size):
        dead = abs(w[i]) + abs(before[i]) < TINY
        w[i] = 0.0 if dead else w[i]
        before[i] = 0.0 if dead else before[i]


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
            t, d, now, last = trace[i], determinant[i], w[i], before[i]
            for _ in range(5):
                now, last = _two_steps(t, d, now, last)
            w[i], before[i] = now, last
    for _ in range(steps % 10):
        _one_step(trace, determinant, w, before)
    flush_denormals(w, before)


@jit
def _differences(w, other):
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
    whole = eps.size - eps.size % 6
    for start in range(0, whole, 6):
        for i in range(w.size):
            c, now, step = k[i], w[i], last[i]
            for s in range(6):
                step = fma(-(eps[start + s] * c), now, p[start + s] * step)
                now += step
            w[i], last[i] = now, step
    for s in range(whole, eps.size):
        _one_scheduled(k, eps[s], p[s], w, last)
    flush_denormals(w, last)


def _move_blocks(trace, determinant, w, last, steps, size):
    for block in prange((w.size + size - 1) // size):
        part = slice(block * size, (block + 1) * size)
        _differences(w[part], last[part])
        for start in range(0, steps, SPAN):
            some = min(SPAN, steps - start)
            _move(trace[part], determinant[part], w[part], last[part], some)
        _differences(w[part], last[part])


def _follow_blocks(k, eps, p, w, last, size):
    for block in prange((w.size + size - 1) // size):
        part = slice(block * size, (block + 1) * size)
        for start in range(0, eps.size, SPAN):
            some = slice(start, start + SPAN)
            _follow(k[part], eps[some], p[some], w[part], last[part])


# (trace, determinant, w, last, steps, size): w_{t+1} = T·w_t − D·w_{t−1}, so many times
move = cached(_move_blocks, parallel=True)
# (k, eps, p, w, last, size): a step for each eps and p, heavy ball [Eq. 2] [Eq. 28]
follow = cached(_follow_blocks, parallel=True)
