"""A small histogram in the terminal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_BAR, _PARTS = 40, " ▏▎▍▌▋▊▉█"
_MOST_ROWS = 16


def log_histogram(
    values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> list[str]:
    """Return lines: how much weight lies between powers of ten, as numbers and bars.

    Parameters
    ----------
    values : positive, increasing
    weights : of each value
    """
    low, high = (_decade(value) for value in values[[0, -1]])
    decades = int(high - low) + 1
    split = next((n for n in (4, 2, 1) if n * decades <= _MOST_ROWS), 1)
    step = max(1, -(-decades // _MOST_ROWS))
    powers = np.arange(low, high + 1 + step, step / split)
    edges = 10.0 ** powers[powers < 308]
    edges = np.append(edges[edges <= values[-1]], np.inf)
    counts, edges = np.histogram(values, edges, weights=weights)
    shown = slice(*(np.flatnonzero(counts)[[0, -1]] + [0, 1]))
    most = counts.max()
    return [
        f"{edge:9.2e}  {_bar(count / most)}  {count:.6g}"
        for edge, count in zip(edges[:-1][shown], counts[shown], strict=True)
    ]


def _decade(value: float) -> int:
    """Return the power of ten below a number, or at it."""
    low = int(np.floor(np.log10(value)))
    return low - 1 if 10.0**low > value else low


def _bar(share: float) -> str:
    eighths = round(share * _BAR * 8)
    full, rest = divmod(eighths, 8)
    text = "█" * full + (_PARTS[rest] if rest else "")
    return (text or ("▏" if share else "")).ljust(_BAR)
