"""Mathematics and running: recurrences, quantities, kernels, grids and plans."""
