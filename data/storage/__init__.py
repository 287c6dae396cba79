"""Atomic file writes, bounded HDF5 reads, locks, and messages for system errors."""
