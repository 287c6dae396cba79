"""Settling times of the loss and of the distance of a whole spectrum."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from ..arithmetic.double_double import FAR
from .last_crossing import last_above
from .mode_bounds import ONE_MINUS_R2, ROWS
from .point_templates import MEMORY, workspace_views
from .spectrum_quantity import spectrum_quantity

_fill: Any = None
_listed: Any = None
_search: Any = None
# so much earlier than where modes are thought to settle are others left out
_EARLIER = 0.5


@spectrum_quantity(
    long_name="settling time of the loss",
    units="iteration",
    comment="smallest t0 with loss(t) <= tol * loss(0) for all t >= t0, from rest; "
    "inf = never settles; NaN = not decided, swings die away too slowly",
    best="min",
    argument="tol",
    narrow=False,
    memory=MEMORY,
)
def loss_settling_time(slower, inner, table, clusters, level, memory):
    """Return the smallest t₀ with Σ share·w² ≤ level for all t ≥ t₀, from rest.

    Modes converge together where both ends do: recurrences that converge are those of
    an interval of k. Where groups stand for modes, they do so from a step on that is
    before the answer; which one is a guess by their means.
    """
    n = table.shape[1]
    k, coefficients, memory = memory[:n], memory[n : 2 * n], memory[2 * n :]
    ends = memory[: 2 * ROWS].reshape(ROWS, 2)
    k[0], k[1] = table[0, 0], table[0, n - 1]
    _fill(slower, inner, k[:2], ends)
    if ends[ONE_MINUS_R2, 0] < 0.0 or ends[ONE_MINUS_R2, 1] < 0.0:
        return math.inf
    if not clusters.mean.shape[1]:
        k, coefficients = table[0], table[1]
        return 1.0 + _search(
            slower, inner, table, level, 0.0, 0.0, k, coefficients, memory
        )
    modes, powers, states = workspace_views(memory, clusters.mean.shape[1])
    _fill(slower, inner, clusters.mean[0], modes)
    low, _, _ = last_above(modes, clusters.mean[1], level[0], 0.0, 0.0, powers, states)
    low = np.floor(_EARLIER * low) if low < FAR else 0.0
    while True:
        count, slack = _listed(
            slower, inner, table, clusters, level[0], low, k, coefficients, memory
        )
        some, their = k[:count], coefficients[:count]
        t = _search(slower, inner, table, level, slack, low, some, their, memory)
        if t > 0.0 or t != t or low == 0.0:
            return 1.0 + t
        low = np.floor(0.125 * low)


distance_settling_time = dataclasses.replace(
    loss_settling_time,
    name="distance_settling_time",
    long_name="settling time of the distance",
    comment="smallest t0 with distance(t) <= tol * distance(0) for all t >= t0, from "
    "rest; inf = never settles; NaN = not decided, swings die away too slowly",
    coefficients="distance",
    argument="tol²",
)
