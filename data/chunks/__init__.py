"""Chunks of maps: encoding, checksums, statistics, and direct reads and writes."""
