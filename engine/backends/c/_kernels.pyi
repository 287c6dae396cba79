"""Functions are called through ctypes; importing proves that they can be loaded."""
