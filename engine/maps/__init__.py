"""Maps: axes, grids, plans, and the loop that computes tiles."""
