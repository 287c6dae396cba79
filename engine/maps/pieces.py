"""Pieces of a tile: how much is computed at a time, measured as it goes."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import NamedTuple

# what a piece should take, and how much more points the next one may have
SECONDS = 0.3
_GROWTH = 8


class Piece(NamedTuple):
    """A rectangle of a tile's rows: some full rows, or a part of one row."""

    rows: slice
    columns: slice


class Pace:
    """The number of points that take about `SECONDS`; it follows the cost of a point.

    Parameters
    ----------
    least : points of a piece, at least, so that all threads have work
    whole_rows : whether a row is computed by one thread, and is not cut
    """

    def __init__(self, least: int, whole_rows: bool) -> None:
        self._least, self._whole_rows = least, whole_rows
        self._points = float(least)

    def pieces(self, n_rows: int, n_columns: int) -> Iterator[Piece]:
        """Yield pieces that cover rows × columns in order, and time what is between."""
        at, size = 0, n_rows * n_columns
        while at < size:
            piece = self._next(at, n_rows, n_columns)
            began = time.perf_counter()
            yield piece
            points = math.prod(s.stop - s.start for s in piece)
            self._took(points, time.perf_counter() - began)
            at += points

    def _next(self, at: int, n_rows: int, n_columns: int) -> Piece:
        row, column = divmod(at, n_columns)
        wanted = max(int(self._points), self._least)
        if self._whole_rows or (column == 0 and wanted >= n_columns):
            rows = max(wanted // n_columns, self._least if self._whole_rows else 1)
            return Piece(slice(row, min(row + rows, n_rows)), slice(0, n_columns))
        stop = min(column + wanted, n_columns)
        return Piece(slice(row, row + 1), slice(column, stop))

    def _took(self, points: int, seconds: float) -> None:
        """Note what a piece took; the rest of a tile is too short to be measured."""
        if 2 * points > self._points or seconds > SECONDS:
            wanted = points * SECONDS / max(seconds, 1e-9)
            self._points = min(wanted, _GROWTH * max(self._points, points))
