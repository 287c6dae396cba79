"""How results show themselves: a line in Python, a small table in a notebook."""

from __future__ import annotations

from dataclasses import fields
from html import escape
from typing import Any

import numpy as np


class Shown:
    """Base of what shows itself by `_rows`, by default the fields of a dataclass.

    A dataclass needs repr=False, as its own one would hide this one.
    """

    def _rows(self) -> dict[str, str]:
        """Return name → short text, without what is empty."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}  # type: ignore[arg-type]
        return {
            name: short(value) for name, value in values.items() if value is not None
        }

    def __repr__(self) -> str:
        """Return the rows in one line."""
        text = ", ".join(f"{name}={value}" for name, value in self._rows().items())
        return f"{type(self).__name__}({text})"

    def _repr_html_(self) -> str:
        """Return the rows as a table, for notebooks."""
        cells = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th>"
            f"<td style='text-align:left'>{escape(value)}</td></tr>"
            for name, value in self._rows().items()
        )
        return f"<table><caption>{type(self).__name__}</caption>{cells}</table>"


def short(value: Any) -> str:
    """Return a short text: numbers with 6 digits, arrays by their size and ends."""
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if not isinstance(value, np.ndarray):
        return f"{value}"
    if value.ndim != 1 or not value.size:
        return f"array of shape {value.shape}"
    if value.size == 1:
        return short(value[0])
    return f"{value.size:,} from {short(value[0])} to {short(value[-1])}"
