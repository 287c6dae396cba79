"""The numerical engine: recurrences, quantities, kernels, grids and plans."""

import os

# Idle GNU OpenMP threads spin by default, which slows down the compression of chunks.
# OpenMP reads the variable when Numba or the C kernels load it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
