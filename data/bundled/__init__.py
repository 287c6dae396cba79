"""Spectra that come with critdamp."""
