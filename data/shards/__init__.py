"""Shards of an unfinished sweep: files, contents, record and folder."""
