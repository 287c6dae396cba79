"""Maps: axes, grids, plans, and the loop that fills tiles."""
