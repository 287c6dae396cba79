"""Spectra: from a Hessian, however it is given, to eigenvalues with weights."""
