"""Arithmetic that doubles cannot do: exact sums, double-doubles, their functions."""
