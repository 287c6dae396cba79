"""Backends: what compiles kernels, keeps them, and runs them on threads."""
