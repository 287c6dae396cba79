"""Spectra: eigenvalues of a Hessian, or quadrature nodes, with weights."""
