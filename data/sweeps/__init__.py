"""Sweeps: started, continued, checked and repaired."""
