"""Summaries of files: what `inspect` shows of runs, spectra and trajectories."""
