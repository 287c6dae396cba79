"""The spectrum: the curvatures of a Hessian, with weights and displacements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ..callbacks import ignore
from ..display import Shown, short
from ..errors import InputError
from ..typing import Floats, Progress, Report
from ..validation import instance, vector
from .eigenvalues import nodes_of_design, nodes_of_hessian
from .filtering import Negative, Zero, filtered
from .groups import counted_by_sign, multiplicities, starts_of_groups
from .operators import as_hessian

# largest residual of kmin or kmax, relative to it, for which it counts as converged
_CONVERGED = 0.01


@dataclass(frozen=True, eq=False, repr=False)
class Spectrum(Shown):
    """Eigenvalues of a Hessian  [Eq. 13].

    Parameters
    ----------
    k : (n,) float64, finite, increasing; curvatures, which may repeat
    weights : (n,) float64, positive, default 1; multiplicities, or quadrature weights
    displacement : (n,) float64, ≥ 0, default 1; squared initial displacements
    name : a label for tables and files
    residuals : (n,) float64, ≥ 0, default 0; an eigenvalue is within this of each k
    tolerance : |k| up to which a mode is zero, n·2⁻⁵²·max|k| by default
    negatives_dropped : number of negative modes that were left out

    Raises
    ------
    InputError
        An array is empty, not finite, or has a wrong shape, order or sign.
    """

    k: Floats
    weights: Floats | None = None
    displacement: Floats | None = None
    name: str = ""
    residuals: Floats | None = None
    tolerance: float | None = None
    negatives_dropped: float = 0.0

    def __post_init__(self) -> None:
        """Check the arrays and make them read-only."""
        k = vector("k", self.k)
        if np.any(np.diff(k) < 0):
            raise InputError("the curvatures must not decrease; sort them", "k")
        object.__setattr__(self, "k", k)
        for name, least, default in (
            ("weights", np.nextafter(0, 1), 1.0),
            ("displacement", 0.0, 1.0),
            ("residuals", 0.0, 0.0),
        ):
            argument = getattr(self, name)
            values = np.full_like(k, default) if argument is None else argument
            values = vector(name, values)
            if values.shape != k.shape:
                raise InputError(f"{values.size} values for {k.size} of k", name)
            if values.min() < least:
                sign = "positive" if least else "≥ 0"
                raise InputError(f"{values.min():.17g} given; {sign} is needed", name)
            object.__setattr__(self, name, values)
        if self.tolerance is not None and not 0.0 <= self.tolerance < np.inf:
            raise InputError(
                f"{self.tolerance} given; 0 or more is needed", "tolerance"
            )

    @classmethod
    def from_hessian(
        cls,
        hessian: Any,
        *,
        n: int | None = None,
        displacement: npt.ArrayLike | None = None,
        steps: int = 100,
        probes: int = 4,
        seed: int = 0,
        name: str = "",
        report: Report = ignore,
        progress: Progress = ignore,
    ) -> Spectrum:
        """Return the spectrum of a symmetric matrix.

        A dense matrix, or a sparse matrix, operator or function of at most 2,000 rows,
        gives all eigenvalues. So does an operator for which n products are no more than
        the quadrature takes, steps · (probes + 1). Others give nodes and weights by
        Lanczos quadrature, with residuals as error bounds.

        Parameters
        ----------
        hessian : (n, n) array, scipy.sparse matrix, LinearOperator, or function v → Hv
        n : size, needed for a function only
        displacement : (n,) w(0) − w*; without a dense matrix, the nodes are then those
            that give the exact loss(t) for t < steps
        steps, probes, seed : of the quadrature, see `lanczos.quadrature`
        name : a label for tables and files
        report : called with one-line messages: expected durations, warnings
        progress : called with the number of products done and expected

        Raises
        ------
        InputError
            The matrix is not square, real, finite or symmetric, or too large for the
            memory.
        """
        nodes = nodes_of_hessian(
            as_hessian(hessian, n),
            displacement=displacement,
            steps=steps,
            probes=probes,
            seed=seed,
            report=report,
            progress=progress,
        )
        return cls(**nodes._asdict(), name=name)

    @classmethod
    def from_design(cls, design: npt.ArrayLike, *, name: str = "") -> Spectrum:
        """Return the spectrum of XᵀX/N, the Hessian of least squares.

        k = σ²/N with the singular values σ of X, since forming XᵀX would lose the small
        eigenvalues to rounding.

        Parameters
        ----------
        design : (N, n) matrix X, a row for each sample
        name : a label for tables and files

        Raises
        ------
        InputError
            The design matrix is not a real, finite matrix.
        """
        return cls(**nodes_of_design(design)._asdict(), name=name)

    def __len__(self) -> int:
        """Return the number of entries of k."""
        return self.k.size

    @property
    def arrays(self) -> dict[str, Floats]:
        """Return k, weights and displacement by name."""
        return {name: getattr(self, name) for name in ("k", "weights", "displacement")}

    @property
    def known(self) -> dict[str, Floats]:
        """Return k, weights, displacement and residuals by name."""
        return {**self.arrays, "residuals": np.asarray(self.residuals)}

    @cached_property
    def modes(self) -> float:
        """Return the number of modes, Σ weights."""
        return float(self.arrays["weights"].sum())

    @cached_property
    def zero_tolerance(self) -> float:
        """Return the |k| up to which a mode is zero.

        It is `tolerance`, or n·2⁻⁵²·max|k|, the rounding error of eigenvalues.
        """
        if self.tolerance is not None:
            return self.tolerance
        return self.rounding

    @property
    def rounding(self) -> float:
        """Return n·2⁻⁵²·max|k|, the rounding error of eigenvalues."""
        eps = float(np.finfo(np.float64).eps)
        return max(len(self), self.modes) * eps * float(np.abs(self.k).max())

    @cached_property
    def zeros(self) -> int:
        """Return the number of entries with |k| ≤ zero_tolerance."""
        return int(np.count_nonzero(np.abs(self.k) <= self.zero_tolerance))

    @cached_property
    def negatives(self) -> int:
        """Return the number of entries with k < −zero_tolerance."""
        return int(np.count_nonzero(self.k < -self.zero_tolerance))

    @cached_property
    def positive(self) -> Spectrum:
        """Return the spectrum without its zero modes.

        Raises
        ------
        InputError
            A mode is negative, or no mode is positive.
        """
        return self.filtered()

    @property
    def kmin_converged(self) -> bool:
        """Return whether the smallest positive k is at least 100 times its residual.

        The residual of a Lanczos node next to the zero modes covers all places where a
        smaller eigenvalue may be; the probability that one is elsewhere is 10⁻⁶.
        """
        return any(self._converged[self.k > self.zero_tolerance][:1])

    @property
    def kmax_converged(self) -> bool:
        """Return whether the largest |k| of k[-1] is at least 100 times its residual.

        The residual covers all places where a larger eigenvalue may be.
        """
        return bool(self._converged[-1])

    @property
    def _converged(self) -> npt.NDArray[np.bool_]:
        return self.known["residuals"] <= _CONVERGED * np.abs(self.k)

    @property
    def is_estimated(self) -> bool:
        """Return whether numbers of modes are estimates: weights that are not whole."""
        weights = np.asarray(self.weights)
        return bool(np.any(weights != np.round(weights)))

    def filtered(
        self,
        zero: Zero = "drop",
        negative: Negative = "error",
        shift: float = 0.0,
        tolerance: float | None = None,
    ) -> Spectrum:
        """Return the spectrum k + shift, with zero and negative modes treated.

        Parameters
        ----------
        zero : "drop" or "keep" zero modes
        negative : "error", "drop", "abs" for |k|, or "keep"
        shift : λ, added to each k, as by weight decay
        tolerance : |k| up to which a mode is zero, `zero_tolerance` by default

        Raises
        ------
        InputError
            A mode is negative with negative="error", or no mode remains.
        """
        return replace(self, **filtered(self, zero, negative, shift, tolerance))

    def _rows(self) -> dict[str, str]:
        """Return name → short text."""
        known: dict[str, Any] = {"name": self.name, "modes": self.modes}
        known |= {"zero": self.zeros, "negative": self.negatives}
        ends = counted_by_sign(self)
        if ends["kmin"] is not None:
            known |= {name: ends[name] for name in ("kmin", "kmax", "condition")}
            known["kmin_converged"] = "" if self.kmin_converged else "no"
        return {name: short(value) for name, value in known.items() if value}

    def summary(self) -> dict[str, Any]:
        """Return name → number of modes, kmin, kmax, condition and multiplicities.

        kmin and condition are None where no mode is positive.
        """
        return {
            "modes": self.modes,
            "entries": len(self),
            **counted_by_sign(self),
            "kmin_converged": self.kmin_converged,
            "kmax_converged": self.kmax_converged,
            "multiplicities": self.multiplicities(),
        }

    @property
    def distinct(self) -> Floats:
        """Return one k of each group of eigenvalues that are equal to rounding.

        A group spans at most the residual of its smallest member, or n·2⁻⁵²·max|k|, or
        `tolerance` where that is less. That member is returned, an eigenvalue of the
        spectrum and not a mean.
        Nodes of a quadrature are equal only where their bits are.
        """
        return self.k[starts_of_groups(self)]

    def multiplicities(self) -> list[tuple[float, int]]:
        """Return (k, multiplicity) of repeated eigenvalues, most frequent first.

        Eigenvalues count as equal to rounding, as in `distinct`. The list is empty for
        nodes of a quadrature, which may be close without being repeated eigenvalues.
        """
        return multiplicities(self)


def require_spectrum(value: object) -> None:
    """Raise InputError if the value is no Spectrum, such as the name of one."""
    instance("spectrum", value, Spectrum, "load_spectrum returns one by its name")
