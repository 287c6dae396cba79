"""Quantities: one number per point, from the recurrence of one mode."""
