"""What is read and written: runs, shards, spectra."""
