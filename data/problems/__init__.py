"""Real problems: data, losses, and the Hessians at their minima."""
