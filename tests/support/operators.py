"""Random symmetric matrices with known eigenvalues, half of them hard for Lanczos."""

import numpy as np
import scipy.sparse as sp


def spectrum(rng, n):
    """Return n eigenvalues: a bulk, clusters, gaps, zeros, negative and lone ones."""
    least = 10.0 ** rng.uniform(-6, -0.5)
    k = rng.choice([np.geomspace(least, 1, n), np.linspace(least, 1, n)])
    if rng.random() < 0.4:  # a cluster at the bottom, and one below it
        size = rng.integers(2, n // 2)
        k[:size] = k[size] * rng.choice([0.01, 0.5, 1.0])
        k[0] *= rng.choice([0.1, 0.8, 0.99, 1.0])
    if rng.random() < 0.3:  # outliers at the top
        k[-8:] *= 10.0 ** rng.uniform(0, 3, 8)
    if rng.random() < 0.3:
        k[: rng.choice([1, 5, n // 3])] = 0.0
    if rng.random() < 0.2:
        k[rng.integers(n, size=5)] *= -(10.0 ** rng.uniform(-6, 0))
    if rng.random() < 0.1:  # two values, where the iteration ends at once
        k[:] = np.where(np.arange(n) < n // 2, 10.0 ** rng.uniform(-13, -1), 1.0)
        k[0] *= 0.1
    return np.sort(k) * 10.0 ** rng.choice([0, 0, -300, -160, 160, 300])


def reflected(rng, k):
    """Return v → Hv for H = R diag(k) R, R = 1 − 2uuᵀ with a random unit vector u."""
    u = rng.standard_normal(k.size)
    u /= np.linalg.norm(u)
    turn = lambda v: v - 2 * u * (u @ v)  # noqa: E731
    return lambda v: turn(k * turn(v))


def block_diagonal(rng, k):
    """Return a sparse matrix with eigenvalues k: 2 × 2 rotations of pairs."""
    n = k.size // 2
    pairs = rng.permutation(k[: 2 * n]).reshape(n, 2)
    c, s = np.cos(angles := rng.uniform(0, np.pi, n)), np.sin(angles)
    a, b = pairs.T
    blocks = np.stack([c * c * a + s * s * b, c * s * (a - b)], axis=1)
    last = s * s * a + c * c * b
    matrices = [
        np.array([[x, y], [y, z]]) for (x, y), z in zip(blocks, last, strict=True)
    ]
    tail = [np.diag(k[2 * n :])] if k.size % 2 else []
    return sp.block_diag(matrices + tail).tocsr()
