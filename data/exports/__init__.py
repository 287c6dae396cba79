"""Export of runs, spectra and trajectories to other file formats."""
