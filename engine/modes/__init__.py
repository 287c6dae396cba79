"""One mode: its recurrence, whether it is stable, and where it is at any step."""
