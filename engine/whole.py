"""Quantities of a whole spectrum: one number per (ε, p), from all its modes together.

To add one, write one function here with one decorator. It is a template: `kernels`
binds `_at`, which gives the recurrence of a mode, and `_fill`, `_listed` and `_search`
of `cells` to a method. It is given the slower parameters and the fastest one, the modes
(k, a share, and what that lacks to its exact value), their groups, the argument and
memory.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .cells import MEMORY, carved
from .crossing import last_above
from .envelopes import FALL, FALLS, PEAK, PULL, ROWS, STEP, D, W
from .errors import InputError
from .jumping import LONGEST, leap
from .peaks import peak
from .precise import FAR
from .quantities import QUANTITIES, Quantity, noise_variance, regime

_at: Any = None
_fill: Any = None
_listed: Any = None
_search: Any = None

# so much earlier than where modes are thought to settle are others left out
_EARLIER = 0.5


@dataclass(frozen=True, eq=False)
class Whole(Quantity):
    """A quantity of a whole spectrum.

    Attributes
    ----------
    shares : what each mode counts: its weight, that times k, the weight times the
        displacement, or all three
    argument : what it is asked with: the level of its sum, tol or tol², or a number
    converging : whether it has no meaning where a curvature is negative
    memory : doubles that it needs for each mode
    """

    shares: Literal["weight", "slope", "distance", "loss"] = "loss"
    argument: Literal["tol", "tol²"] | float = 0.0
    converging: bool = True
    memory: int = 0


WHOLE: dict[str, Whole] = {}
_SHOWN = {"loss_after": "loss_after:N"}
_STEPS = re.compile(r"loss_after[:_](\d{1,10})")


def whole(**known: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a template among the quantities of a whole spectrum under its name."""

    def enter(template: Callable[..., Any]) -> Callable[..., Any]:
        WHOLE[template.__name__] = Whole(template.__name__, template, **known)
        return template

    return enter


def quantity_of(name: str, of_spectrum: bool) -> Quantity:
    """Return the quantity of a name, of single modes or of a whole spectrum.

    Of a spectrum there are those whose worst case lies at its ends, and all of `WHOLE`;
    loss_after has the number of iterations behind it, as loss_after:100.

    Raises
    ------
    InputError
        There is none of this name.
    """
    asked = _STEPS.fullmatch(name)
    if asked and of_spectrum:
        return _loss_after(int(asked[1]))
    listed = names_of(of_spectrum)
    if name in listed:
        return WHOLE[name] if of_spectrum and name in WHOLE else QUANTITIES[name]
    names = ", ".join(listed)
    if name in QUANTITIES:
        raise InputError(
            f"quantity: {name} has no map for a whole spectrum; choose from {names}"
        )
    if name == "loss_after" and of_spectrum:
        raise InputError("quantity: loss_after after how many? write loss_after:100")
    if name in WHOLE or asked:
        raise InputError(
            f"quantity: {name} is one of a whole spectrum, not of single curvatures; "
            f"choose from {names}"
        )
    raise InputError(f"quantity: {name!r} is unknown; choose from {names}")


def names_of(of_spectrum: bool) -> list[str]:
    """Return the names of quantities, of single curvatures or of a whole spectrum."""
    if not of_spectrum:
        return list(QUANTITIES)
    ends = [name for name, quantity in QUANTITIES.items() if quantity.worst]
    return ends + [_SHOWN.get(name, name) for name in WHOLE]


def _loss_after(steps: int) -> Whole:
    if steps > LONGEST:
        raise InputError(f"quantity: loss_after:{steps}; from 0 to {LONGEST} works")
    return dataclasses.replace(
        WHOLE["loss_after"],
        name=f"loss_after_{steps}",
        long_name=f"loss after {steps} iterations",
        argument=float(steps),
    )


@whole(
    long_name="settling time of the loss",
    units="iteration",
    comment="smallest t0 with loss(t) <= tol * loss(0) for all t >= t0, from rest; "
    "inf = never settles; NaN = not decided, swings die away too slowly",
    best="min",
    argument="tol",
    narrow=False,
    memory=MEMORY,
)
def loss_settling_time(slower, inner, table, groups, level, memory):
    """Return the smallest t₀ with Σ share·w² ≤ level for all t ≥ t₀, from rest.

    Modes converge together where both ends do: recurrences that converge are those of
    an interval of k. Where groups stand for modes, they do so from a step on that is
    before the answer; which one is a guess by their means.
    """
    n = table.shape[1]
    k, shares, memory = memory[:n], memory[n : 2 * n], memory[2 * n :]
    ends = memory[: 2 * ROWS].reshape(ROWS, 2)
    k[0], k[1] = table[0, 0], table[0, n - 1]
    _fill(slower, inner, k[:2], ends)
    if ends[FALL, 0] < 0.0 or ends[FALL, 1] < 0.0:
        return math.inf
    if not groups.mean.shape[1]:
        k, shares = table[0], table[1]
        return 1.0 + _search(slower, inner, table, level, 0.0, 0.0, k, shares, memory)
    modes, powers, states = carved(memory, groups.mean.shape[1])
    _fill(slower, inner, groups.mean[0], modes)
    low, _, _ = last_above(modes, groups.mean[1], level[0], 0.0, 0.0, powers, states)
    low = np.floor(_EARLIER * low) if low < FAR else 0.0
    while True:
        count, slack = _listed(
            slower, inner, table, groups, level[0], low, k, shares, memory
        )
        some, their = k[:count], shares[:count]
        t = _search(slower, inner, table, level, slack, low, some, their, memory)
        if t > 0.0 or t != t or low == 0.0:
            return 1.0 + t
        low = np.floor(0.125 * low)


WHOLE["distance_settling_time"] = dataclasses.replace(
    WHOLE["loss_settling_time"],
    name="distance_settling_time",
    long_name="settling time of the distance",
    comment="smallest t0 with distance(t) <= tol * distance(0) for all t >= t0, from "
    "rest; inf = never settles; NaN = not decided, swings die away too slowly",
    shares="distance",
    argument="tol²",
)


@whole(
    long_name="loss after some iterations",
    comment="sum of weight * displacement * k * w^2 / 2, from rest; inf = overflows",
    best="min",
    converging=False,
)
def loss_after(slower, inner, table, groups, steps, memory):
    """Return ½ Σ weight·displacement·k·w_t² at t = steps."""
    loss = 0.0
    for i in range(table.shape[1]):
        if table[1, i] != 0.0:
            w = leap(_at(slower, inner, table[0, i]), steps[0])[2]
            loss += table[1, i] * (w * w)
    return 0.5 * loss if abs(loss) < math.inf else math.inf


@whole(
    long_name="noise floor of the loss",
    comment="sum of weight * k * noise_variance / 2, under gradient noise of variance "
    "1 in each mode; inf = outside the region of convergence",
    best="min",
    shares="slope",
)
def noise_floor(slower, inner, table, groups, argument, memory):
    """Return ½ Σ weight·k·noise_variance."""
    floor = 0.0
    for i in range(table.shape[1]):
        if table[1, i] != 0.0:
            floor += table[1, i] * noise_variance(_at(slower, inner, table[0, i]))
    return 0.5 * floor


@whole(
    long_name="largest transient peak of a mode",
    comment="largest |w_t| / |w_0| of any mode, from rest; inf = unbounded",
    best="min",
    shares="weight",
    converging=False,
    memory=ROWS,
)
def transient_peak(slower, inner, table, groups, argument, memory):
    """Return the largest sup |w_t| of a mode.

    Most modes cannot exceed what others reach, as their bound at t = 1 tells, or fall
    from the start on.
    """
    n = table.shape[1]
    modes = memory[: ROWS * n].reshape(ROWS, n)
    _fill(slower, inner, table[0], modes)
    highest = 1.0
    for i in range(n):
        w, d, pull = modes[W, i], modes[D, i], modes[PULL, i]
        step = d * modes[STEP, i] - pull * w
        after = w + step
        second = after + (d * step - pull * after)
        falls = 1.0 >= w >= second >= 0.0 and 1.0 >= after >= 0.0
        calm = modes[FALL, i] >= 0.0 and (
            modes[PEAK, i] * (1.0 + 1e-12) <= highest * highest
            or (falls and modes[FALLS, i] > 0.0)
        )
        if not calm:
            r = _at(slower, inner, table[0, i])
            highest = max(highest, peak(r.trace, r.determinant, r.first))
    return highest


@whole(
    long_name="share of modes that converge",
    comment="weight of the modes with a spectral radius below 1, of all that are not "
    "zero",
    best="max",
    converges=(1.0, 1.0),
    shares="weight",
    converging=False,
)
def stable_share(slower, inner, table, groups, argument, memory):
    """Return the share of the weight whose modes have ρ < 1."""
    stable, total = 0.0, 0.0
    for i in range(table.shape[1]):
        total += table[1, i]
        if regime(_at(slower, inner, table[0, i])) > 0:
            stable += table[1, i]
    return stable / total
