"""Input from users: matrices, eigenvalues, axes and schedules, in files or as text."""
