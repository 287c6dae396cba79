"""Tuning: the optimal learning rate and momentum for a spectrum."""
