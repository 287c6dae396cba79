"""Simulation in time: modes, oscillators and coupled iterations."""
