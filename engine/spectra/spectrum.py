"""The spectrum: the curvatures of a Hessian, with weights and displacements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..callbacks import ignore
from ..errors import InputError
from ..typing import Floats, Progress, Report
from ..validation import about, real
from .eigenvalues import nodes_of_design, nodes_of_hessian
from .filtering import none_positive, with_both_sides
from .multiplicities import count_text, group_starts, repeated
from .operators import as_hessian

Zero = Literal["drop", "keep"]
Negative = Literal["error", "drop", "abs", "keep"]
# largest residual of kmin or kmax, relative to it, for which it counts as converged
_CONVERGED = 0.01


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Eigenvalues of a Hessian  [Eq. 13].

    Parameters
    ----------
    k : (n,) float64, finite, increasing
        Curvatures, which may repeat.
    weights : (n,) float64, positive, default 1
        Multiplicities, or weights of a quadrature.
    displacement : (n,) float64, not negative, default 1
        Squared initial displacement in each mode.
    name : a label for tables and files
    residuals : (n,) float64, not negative, default 0
        For Ritz values: an eigenvalue is within this distance of each k.
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
        k = _vector("k", self.k)
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
            values = _vector(name, values)
            if values.shape != k.shape:
                raise InputError(f"{values.size} values for {k.size} of k", name)
            if values.min() < least:
                raise InputError(
                    f"{values.min():.17g} given; values must be "
                    f"{'positive' if least else '≥ 0'}",
                    name,
                )
            object.__setattr__(self, name, values)

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
        positive = np.flatnonzero(self.k > self.zero_tolerance)
        return bool(positive.size and self._has_converged(int(positive[0])))

    @property
    def kmax_converged(self) -> bool:
        """Return whether the largest |k| of k[-1] is at least 100 times its residual.

        The residual covers all places where a larger eigenvalue may be.
        """
        return self._has_converged(-1)

    def _has_converged(self, i: int) -> bool:
        return bool(self.known["residuals"][i] <= _CONVERGED * abs(self.k[i]))

    @property
    def is_estimated(self) -> bool:
        """Return whether numbers of modes are estimates, from weights of a quadrature.

        So they are where a weight is no whole number.
        """
        weights = np.asarray(self.weights)
        return bool(np.any(weights != np.round(weights)))

    def count(self, chosen: npt.NDArray[np.bool_]) -> str:
        """Return the number of modes among the chosen entries as text.

        An estimated number is rounded, with «about».
        """
        number = float(np.asarray(self.weights)[chosen].sum())
        return count_text(number, self.is_estimated)

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
        k = self.k + shift
        limit = self.zero_tolerance if tolerance is None else tolerance
        zeros, negatives = np.abs(k) <= limit, k < -limit
        if negative == "error" and negatives.any():
            count = self.count(negatives)
            modes, along = ("mode", "it") if count == "1" else ("modes", "them")
            raise InputError(
                f"{self.name or 'unnamed'}: {count} negative {modes}, the smallest "
                f"k is {k[0]:.6g}; every method diverges along {along}; use "
                "`critdamp spectrum --negative drop|abs|keep`"
            )
        keep = ~(zeros & (zero == "drop")) & ~(negatives & (negative == "drop"))
        if not keep.any():
            raise InputError(f"{self.name or 'unnamed'}: {none_positive(k, limit)}")
        turned = negatives & (negative == "abs")
        dropped = float(np.asarray(self.weights)[negatives & ~keep].sum())
        known = {**self.known, "k": np.where(turned, -k, k)}
        if turned.any():
            known["residuals"] = with_both_sides(turned, zeros, **known)
        order = np.flatnonzero(keep)
        order = order[np.argsort(known["k"][order], kind="stable")]
        # n and kmax change, the rounding error of the eigenvalues does not
        chosen: dict[str, Any] = {name: v[order] for name, v in known.items()}
        return replace(
            self,
            **chosen,
            tolerance=limit,
            negatives_dropped=self.negatives_dropped + dropped,
        )

    def summary(self) -> dict[str, Any]:
        """Return name → number of modes, kmin, kmax, condition and multiplicities.

        kmin and condition are None where no mode is positive.
        """
        weights = np.asarray(self.weights)
        limit, kmax = self.zero_tolerance, float(self.k[-1])
        above = self.k > limit
        kmin = float(self.k[above][0]) if above.any() else None
        return {
            "modes": self.modes,
            "entries": len(self),
            "kmin": kmin,
            "kmin_converged": self.kmin_converged,
            "kmax": kmax,
            "kmax_converged": self.kmax_converged,
            "condition": kmax / kmin if kmin else None,
            "zero_modes": float(weights[np.abs(self.k) <= limit].sum()),
            "negative_modes": float(weights[self.k < -limit].sum()),
            "least": float(self.k[0]),
            "above_tenth": float(weights[self.k > 0.1 * kmax].sum()),
            "multiplicities": self.multiplicities(),
        }

    @property
    def _rounding(self) -> float:
        """Return n·2⁻⁵²·max|k|, or `tolerance` where that is less."""
        eps = float(np.finfo(np.float64).eps)
        error = max(len(self), self.modes) * eps * float(np.abs(self.k).max())
        return error if self.tolerance is None else min(error, self.tolerance)

    @property
    def distinct(self) -> Floats:
        """Return one k of each group of eigenvalues that are equal to rounding.

        A group spans at most n·2⁻⁵²·max|k|, or `tolerance` where that is less. Its
        smallest member is returned, an eigenvalue of the spectrum and not a mean.
        Nodes of a quadrature are equal only where their bits are.
        """
        starts = group_starts(self.k, 0.0 if self.is_estimated else self._rounding)
        return self.k[starts]

    def multiplicities(self) -> list[tuple[float, int]]:
        """Return (k, multiplicity) of repeated eigenvalues, most frequent first.

        Eigenvalues count as equal to rounding, as in `distinct`. The list is empty for
        nodes of a quadrature, which may be close without being repeated eigenvalues.
        """
        rounding, residuals = self._rounding, np.asarray(self.residuals)
        if self.is_estimated or np.any(residuals > 16.0 * rounding):
            return []
        return repeated(self.k, np.asarray(self.weights), rounding)


def _vector(name: str, values: Floats) -> Floats:
    with about(name):
        array = np.array(real(values), dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise InputError(
            f"shape {array.shape}; a vector of at least 1 value is needed", name
        )
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise InputError(f"value {bad[0]} is {array[bad[0]]}, not finite", name)
    array.flags.writeable = False
    return array
