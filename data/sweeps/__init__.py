"""Sweeps: start, resume, status, checks and repair."""
