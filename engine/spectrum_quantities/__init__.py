"""Quantities of a whole spectrum: one number per (ε, p), from all modes together."""
