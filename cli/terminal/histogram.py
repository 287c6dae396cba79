"""Histograms as text."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# width of the longest bar, and its parts in eighths of a character
_BAR, _PARTS = 40, " ▏▎▍▌▋▊▉█"
_MOST_ROWS = 16


def log_histogram(
    values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> list[str]:
    """Return the lines of a histogram over logarithmic bins.

    A line has the lower edge of its bin, a bar, and the sum of the weights.

    Parameters
    ----------
    values : (n,) positive, increasing
    weights : (n,) positive
    """
    low, high = (_decade(value) for value in values[[0, -1]])
    decades = int(high - low) + 1
    bins_of_decade = next((n for n in (4, 2, 1) if n * decades <= _MOST_ROWS), 1)
    decades_of_bin = max(1, -(-decades // _MOST_ROWS))
    powers = np.arange(low, high + 1 + decades_of_bin, decades_of_bin / bins_of_decade)
    edges = 10.0 ** powers[powers < 308]
    edges = np.append(edges[edges <= values[-1]], np.inf)
    counts, edges = np.histogram(values, edges, weights=weights)
    shown = slice(*(np.flatnonzero(counts)[[0, -1]] + [0, 1]))
    largest = counts.max()
    return [
        f"{edge:9.2e}  {_bar(count / largest)}  {count:.6g}"
        for edge, count in zip(edges[:-1][shown], counts[shown], strict=True)
    ]


def _decade(value: float) -> int:
    """Return the largest integer n with 10ⁿ ≤ value."""
    exponent = int(np.floor(np.log10(value)))
    return exponent - 1 if 10.0**exponent > value else exponent


def _bar(share: float) -> str:
    eighths = round(share * _BAR * 8)
    full, remainder = divmod(eighths, 8)
    text = "█" * full + (_PARTS[remainder] if remainder else "")
    return (text or ("▏" if share else "")).ljust(_BAR)
