"""Shards: the files that an unfinished sweep consists of."""
