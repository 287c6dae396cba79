"""Mathematics and running: recurrences, quantities, kernels, grids and plans."""

import os

# GNU OpenMP's waiting threads spin by default, at the cost of those that pack chunks;
# it reads this when it is loaded, which Numba and the C kernels do.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
