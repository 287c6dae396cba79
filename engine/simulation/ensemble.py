"""The ensemble: all modes of a spectrum in time, from rest at w_0 = 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arithmetic.memory import page_aligned
from ..backends import c
from ..backends.evaluate import evaluate
from ..backends.select import choose_backend
from ..backends.threads import choose_threads, on_threads
from ..errors import InputError
from ..modes.methods import Method
from ..modes.powers import LONGEST, matrix_power
from ..typing import Floats
from ..validation import whole_number
from . import step_kernels


@dataclass(frozen=True, eq=False)
class Recurrences:
    """Recurrences of n modes over m iterations: w_{t+m} = T_m w_t − Dᵐ w_{t−m}.

    Attributes
    ----------
    trace, determinant : (n,) T_m and Dᵐ
    first : (n,) w_m from rest with w_0 = 1
    one_minus_T_plus_D : (n,) 1 − T_m + Dᵐ, which is εk for the heavy ball and m = 1
    step : (n,) w_m − 1
    stride : m, in iterations
    """

    trace: Floats
    determinant: Floats
    first: Floats
    one_minus_T_plus_D: Floats
    step: Floats
    stride: int


def recurrences(
    method: Method,
    parameters: tuple[float, ...],
    k: Floats,
    stride: int = 1,
    threads: int | None = None,
) -> Recurrences:
    """Return the recurrences of modes over a stride, each number rounded once.

    The cost is proportional to the logarithm of the stride. A simulation with them
    agrees with single steps to 1e−12 of the envelope, with a smaller rounding error.

    Parameters
    ----------
    method : the method
    parameters : its parameters, in its order: ε and p for the heavy ball
    k : (n,) curvatures
    stride : m, from 1 to 2³⁰, in iterations
    threads : number of threads, by default all; the bits do not depend on it

    Raises
    ------
    InputError
        The stride is out of range, or the number of parameters is wrong.
    """
    whole_number("stride", stride, 1, LONGEST)
    if len(parameters) != len(method.parameters):
        names = ", ".join(method.parameters)
        raise InputError(f"{len(parameters)} parameters given; needed: {names}")
    out = np.empty((k.size, 5))
    evaluate(
        method,
        matrix_power,
        parameters,
        k,
        out,
        argument=float(stride),
        threads=threads,
    )
    trace, determinant, first, one_minus_T_plus_D, step = (
        page_aligned(column) for column in out.T
    )
    return Recurrences(trace, determinant, first, one_minus_T_plus_D, step, int(stride))


class Ensemble:
    """The states of n modes at an iteration t, advanced by recurrences or a schedule.

    A mode with |w_t| + |w_{t−1}| < 1e−290 is set to 0.

    Parameters
    ----------
    n : number of modes
    threads, backend : as for `sweep`; the bits do not depend on them

    Attributes
    ----------
    w : (n,) w_t, 1 at t = 0
    last : (n,) the last step, w_t − w_{t−m} for a stride m, 0 at t = 0
    t : number of iterations
    """

    def __init__(
        self, n: int, threads: int | None = None, backend: str = "auto"
    ) -> None:
        self.threads = choose_threads(threads)
        self.backend = choose_backend(backend)
        self.w, self.last = page_aligned(np.ones(n)), page_aligned(np.zeros(n))
        self.t = 0
        self._stride = 1

    def advance(self, by: Recurrences, count: int) -> None:
        """Advance by `count` strides.

        Parameters
        ----------
        by : recurrences of the n modes; the stride must be that of earlier calls
        count : number of strides, ≥ 0

        Raises
        ------
        InputError
            The stride, the number of modes or the count is not as above.
        """
        if by.trace.shape != self.w.shape:
            raise InputError(f"{by.trace.size} recurrences for {self.w.size} modes")
        if count < 0:
            raise InputError(f"{count} given; a number ≥ 0 is needed", "count")
        if self.t and by.stride != self._stride:
            raise InputError(
                f"{by.stride} after a stride of {self._stride}; use a new Ensemble",
                "stride",
            )
        if not self.t and count > 0:
            self._stride = by.stride
            np.copyto(self.w, by.first)
            np.copyto(self.last, by.step)
            self.t, count = by.stride, count - 1
        self._advance_state(by, count)
        self.t += count * by.stride

    def follow(self, k: npt.ArrayLike, eps: npt.ArrayLike, p: npt.ArrayLike) -> None:
        """Advance by Δw_t = −ε_t k w_t + p_t Δw_{t−1}, a step for each t  [Eq. 2].

        Parameters
        ----------
        k : (n,) curvatures
        eps, p : (steps,) learning rate and momentum of each step

        Raises
        ------
        InputError
            The lengths differ, or the ensemble was advanced by a stride above 1.
        """
        k, eps, p = (page_aligned(values) for values in (k, eps, p))
        if eps.shape != p.shape or k.shape != self.w.shape:
            raise InputError(
                f"{eps.size} of eps, {p.size} of p and {k.size} of k for "
                f"{self.w.size} modes; eps and p must have the same length, and k as "
                "many values as modes"
            )
        if self._stride != 1:
            raise InputError(
                f"a schedule cannot follow a stride of {self._stride}; use a new "
                "Ensemble"
            )
        with on_threads(self.threads):
            if self.backend == "c":
                arrays = k, eps, p, eps.size, self.w, self.last
                c.function("follow")(*arrays, self.w.size, self.threads)
            else:
                step_kernels.follow(k, eps, p, self.w, self.last, self._block)
        self.t += eps.size

    def _advance_state(self, by: Recurrences, count: int) -> None:
        arrays = by.trace, by.determinant, self.w, self.last
        with on_threads(self.threads):
            if self.backend == "c":
                c.function("move")(*arrays, self.w.size, count, self.threads)
            else:
                step_kernels.move(*arrays, count, self._block)

    @property
    def _block(self) -> int:
        """Return the number of modes in a block of the Numba kernels."""
        share = -(-self.w.size // self.threads)
        return min(max(share, step_kernels.LEAST_BLOCK), step_kernels.BLOCK)
