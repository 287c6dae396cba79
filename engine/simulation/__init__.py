"""Time: modes, oscillators and coupled iterations, step by step."""
