"""Kernels that measure the limits of the machine."""

import numpy as np
from numba import prange

from critdamp.engine.arithmetic.intrinsics import fma, wide_vectors
from critdamp.engine.arithmetic.jit import jit
from critdamp.engine.backends.compile import cached

_CHAINS, _LANES, _DEPTH = 8, 64, 32


@jit
def _multiply_add(x, factor):
    wide_vectors()
    for i in range(x.shape[1]):
        a, b, c, d = x[0, i], x[1, i], x[2, i], x[3, i]
        e, f, g, h = x[4, i], x[5, i], x[6, i], x[7, i]
        for _ in range(_DEPTH):
            a, b = fma(a, factor, factor), fma(b, factor, factor)
            c, d = fma(c, factor, factor), fma(d, factor, factor)
            e, f = fma(e, factor, factor), fma(f, factor, factor)
            g, h = fma(g, factor, factor), fma(h, factor, factor)
        x[0, i], x[1, i], x[2, i], x[3, i] = a, b, c, d
        x[4, i], x[5, i], x[6, i], x[7, i] = e, f, g, h


def _multiply_add_on_threads(x, factor, rounds):
    for thread in prange(x.shape[0]):
        for _ in range(rounds):
            _multiply_add(x[thread], factor)


def _fill(rows, value):
    for i in prange(rows.shape[0]):
        for j in range(rows.shape[1]):
            rows[i, j] = value


def _shifts(x, rounds):
    for _ in range(rounds):
        x ^= x << np.uint64(13)
        x ^= x >> np.uint64(7)
        x ^= x << np.uint64(17)
    return x


_run_multiply_add = cached(_multiply_add_on_threads, parallel=True)
# (rows, value): sets all elements of a 2-d array
fill = cached(_fill, parallel=True)
# (x, rounds): xorshift; a round is six operations, each dependent on the one before
shifts = cached(_shifts)
CYCLES_OF_A_ROUND = 6
OPERATIONS_OF_A_ROUND = _CHAINS * _LANES * _DEPTH


def multiply_add(rounds: int, threads: int) -> int:
    """Compute multiply-adds in registers, and return their number.

    Parameters
    ----------
    rounds : of `OPERATIONS_OF_A_ROUND` multiply-adds on each thread
    threads : number of threads that Numba is set to
    """
    x = np.ones((threads, _CHAINS, _LANES))
    _run_multiply_add(x, 0.5, rounds)
    return threads * rounds * OPERATIONS_OF_A_ROUND
