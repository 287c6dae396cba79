"""What people give: matrices, eigenvalues, axes and schedules, in files or as text."""
