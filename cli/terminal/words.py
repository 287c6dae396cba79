"""Words for what converges, and for what does not."""

from __future__ import annotations

# what rounding may add to a spectral radius of 1
_ROUNDING = 4.5e-16


def convergence(radius: float) -> str:
    """Return "stable", "marginal" or "diverges" for a spectral radius."""
    if radius > 1.0 + _ROUNDING:
        return "diverges"
    return "stable" if radius < 1.0 - _ROUNDING else "marginal"


def with_radius(word: str, radius: float) -> str:
    """Return a word with the spectral radius behind it, told apart from 1."""
    digits = next(d for d in range(3, 18) if d == 17 or float(f"{radius:.{d}g}") != 1.0)
    return f"{word} (spectral radius {radius:.{digits}g})"


def settling(t: int, radius: float, zero_modes: int, steps: int) -> str:
    """Return a settling time, or why there is none.

    Parameters
    ----------
    t : the time, -1 for none
    radius : the largest spectral radius of the modes that move
    zero_modes : number of zero modes in the start
    steps : number of iterations made
    """
    if t >= 0:
        return f"{t:,}"
    word = convergence(radius)
    if word != "stable":
        return f"never: {with_radius(word, radius)}"
    if zero_modes:
        modes = "1 zero mode" if zero_modes == 1 else f"{zero_modes} zero modes"
        return f"not in {steps:,} steps: {modes} in the start, see --zero"
    return f"not in {steps:,} steps"
