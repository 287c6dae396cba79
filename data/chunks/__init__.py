"""Blocks of maps as they stand in a file: packed, with checksums and statistics."""
