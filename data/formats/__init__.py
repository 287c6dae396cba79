"""File formats of critdamp: layout of runs, spectra and trajectories, and readers."""
