"""Cases of trajectories and maps of whole spectra, compared with NumPy and SciPy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import numpy as np

from critdamp.engine.maps.axis import Axis
from critdamp.engine.maps.compute import TileComputer
from critdamp.engine.maps.plan import Plan
from critdamp.engine.simulation.oscillators import simulate_continuous
from critdamp.engine.simulation.simulate import simulate
from critdamp.engine.spectra.spectrum import Spectrum
from critdamp.engine.spectrum_quantities.registry import names_of
from critdamp.engine.typing import Floats

from .case import Case, Run, ready
from .map_cases import whole_grid
from .step_cases import multiply_adds

MODES, STEPS, TIMES, SIDE = 4096, 2000, 200, 48
# side of the map that NumPy computes step by step, and number of steps
SMALL_SIDE, ALL_STEPS = 2, 20_000
EPS, P = 0.5, 0.9
# operations of a step of a mode with its loss and distance
STEP = 6
MASS, FRICTION, SPAN = 1.0, 0.2, 20.0


def cases(scale: float, counts: list[int]) -> Iterator[Case]:
    """Yield trajectories, discrete and continuous, and maps of a whole spectrum."""
    k = np.geomspace(1e-3, 1, max(64, round(MODES * scale)))
    spectrum = Spectrum(k)
    make = partial(Case, "trajectory", size=k.size, unit="mode-steps")
    for threads in counts:
        yield from multiply_adds("trajectory", k.size, threads, STEP)
        run = partial(simulate, spectrum, EPS, P, STEPS, threads=threads)
        yield make("critdamp", threads, work=k.size * STEPS, start=ready(run))
    by_numpy = ready(partial(losses_by_numpy, k, STEPS // 10))
    yield make("numpy, loops", 1, work=k.size * STEPS // 10, start=by_numpy)
    few = k[:: k.size // 64]
    times = np.linspace(0, SPAN, TIMES)
    make = partial(Case, "oscillators", threads=1, unit="mode-times")
    for modes in (k, few):
        exact = partial(simulate_continuous, Spectrum(modes), MASS, FRICTION, times)
        size = modes.size
        yield make("critdamp", size=size, work=size * TIMES, start=ready(exact))
    stepped = partial(oscillators_by_scipy, few, times)
    by = "scipy, solve_ivp 1e-12"
    yield make(by, size=few.size, work=few.size * TIMES, start=ready(stepped))
    yield from _maps(scale, counts)


def _maps(scale: float, counts: list[int]) -> Iterator[Case]:
    spectrum = Spectrum(np.geomspace(1e-3, 1, 650))
    side = max(4, round(SIDE * scale))
    for name in names_of(True):
        if name in ("spectral_radius", "rate"):
            continue
        name = name.replace(":N", ":1000")
        for threads in counts:
            start = partial(_computing, spectrum, name, side, threads)
            work, by = side * side, f"critdamp, {len(spectrum)} modes"
            yield Case(name, by, threads, work, work, "points", start)
    run = partial(settling_by_numpy, np.asarray(spectrum.k), SMALL_SIDE, ALL_STEPS)
    by = "numpy, 20,000 steps of 650 modes"
    size = SMALL_SIDE * SMALL_SIDE
    yield Case("loss_settling_time", by, 1, size, size, "points", ready(run))


def _computing(
    spectrum: Spectrum, name: str, side: int, threads: int, _stack: ExitStack
) -> Run:
    eps, p = Axis.log(0.05, 1.9, side), Axis.lin(0, 0.99, side)
    plan = Plan(spectrum=spectrum, quantities=[name], eps=eps, p=p)
    return partial(TileComputer(plan, threads), whole_grid(plan))


def losses_by_numpy(k: Floats, steps: int) -> Floats:
    """Return loss(t), (steps,), by a loop over steps and arrays over modes."""
    w, last, losses = np.ones_like(k), np.zeros_like(k), np.empty(steps)
    for t in range(steps):
        last = P * last - EPS * k * w
        w = w + last
        losses[t] = 0.5 * (k * w * w).sum()
    return losses


def settling_by_numpy(k: Floats, side: int, steps: int) -> Floats:
    """Return settling times of the loss, (side, side), from all of `steps` steps."""
    eps = np.geomspace(0.05, 1.9, side)[:, None, None]
    p = np.linspace(0, 0.99, side)[None, :, None]
    w, step = np.ones((side, side, k.size)), np.zeros((side, side, k.size))
    settled, level = np.ones((side, side)), 1e-6 * k.sum()
    with np.errstate(all="ignore"):
        for t in range(1, steps):
            step = p * step - eps * k * w
            w = w + step
            settled[~((k * w * w).sum(axis=-1) <= level)] = t + 1
    return settled


def oscillators_by_scipy(k: Floats, times: Floats) -> Floats:
    """Return the modes of [Eq. 16] by a Runge-Kutta method of order 8."""
    from scipy.integrate import solve_ivp

    n = k.size

    def slope(_t: float, state: Floats) -> Floats:
        w, v = state[:n], state[n:]
        return np.concatenate([v, -(FRICTION * v + k * w) / MASS])

    start = np.concatenate([np.ones(n), np.zeros(n)])
    solution = solve_ivp(
        slope, (0.0, SPAN), start, "DOP853", times, rtol=1e-12, atol=1e-14
    )
    modes: Floats = solution.y[:n]
    return modes
