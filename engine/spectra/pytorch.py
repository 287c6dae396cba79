"""The Hessian of a PyTorch model's loss as a linear operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError


def hessian_operator(
    model: Any,
    loss_fn: Callable[[Any, Any], Any],
    data: Any,
    *,
    dtype: str | None = "float64",
) -> Any:
    """Return v → Hv for the Hessian of a model's mean loss  [Eq. 11].

    A product is a derivative of the gradient along v (Pearlmutter 1994): exact, at the
    price of about two gradients. One batch keeps its graph; several are gone through
    anew at each product, so that memory does not grow with them.

    Parameters
    ----------
    model : torch.nn.Module, left as it is; parameters that require no gradient are
        left out; dropout and the like should be off (model.eval())
    loss_fn : (outputs, targets) → mean loss of a batch; tensors in it, such as class
        weights, have to be of the dtype
    data : (inputs, targets), or an iterable of such batches, which is gone through
        once for each product and weighted by the batches' sizes
    dtype : "float64" computes in doubles whatever the model is in, None as the model is

    Returns
    -------
    scipy.sparse.linalg.LinearOperator of shape (n, n), parameters in the model's order

    Raises
    ------
    InputError
        The model has no parameters, or a loss is not finite.
    """
    from scipy.sparse.linalg import LinearOperator

    loss = _Loss(model, loss_fn, data, dtype)
    return LinearOperator(
        (loss.size, loss.size), matvec=loss.hessian_product, dtype=loss.precision
    )


class _Loss:
    """A model's mean loss, its gradient, and products with its Hessian."""

    def __init__(self, model: Any, loss_fn: Any, data: Any, dtype: str | None) -> None:
        import torch

        kind = None if dtype is None else getattr(torch, dtype)
        self.model, self.loss_fn = model, loss_fn
        self.parameters = {
            name: value.detach().to(kind).requires_grad_()
            for name, value in model.named_parameters()
            if value.requires_grad
        }
        if not self.parameters:
            raise InputError("no parameter requires a gradient", "model")
        self.fixed = {
            # a copy, since layers that count batches would change it
            name: _cast(value.detach(), kind).clone()
            for name, value in (*model.named_parameters(), *model.named_buffers())
            if name not in self.parameters
        }
        self.values = list(self.parameters.values())
        self.size = sum(value.numel() for value in self.values)
        double = all(value.dtype == torch.float64 for value in self.values)
        self.precision = np.float64 if double else np.float32
        self.batches = _Batches(data, kind)
        single = self.batches.single
        self.kept = list(map(self._gradient, self.batches)) if single else None

    def _gradient(self, batch: tuple[Any, Any, float]) -> Any:
        """Return a batch's share of the gradient, which can be derived again."""
        import torch

        inputs, targets, share = batch
        names = {**self.parameters, **self.fixed}
        outputs = torch.func.functional_call(self.model, names, (inputs,))
        loss = self.loss_fn(outputs, targets) * share
        if not torch.isfinite(loss):
            raise InputError(f"the loss is {float(loss.detach())}, not finite")
        options: Any = {"create_graph": True, "materialize_grads": True}
        return _flat(torch.autograd.grad(loss, self.values, **options))

    def hessian_product(
        self, vector: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Return the Hessian times a vector."""
        import torch

        along = torch.from_numpy(np.array(vector, dtype=np.float64).ravel())
        along = along.to(self.values[0])
        total = np.zeros(self.size)
        options: Any = {
            "retain_graph": self.kept is not None,
            "materialize_grads": True,
        }
        for one in self.kept or map(self._gradient, self.batches):
            if one.requires_grad:  # else linear in all parameters
                parts = torch.autograd.grad(one, self.values, along, **options)
                total += _flat(parts).detach().cpu().numpy().astype(np.float64)
        return total


def _flat(parts: Any) -> Any:
    import torch

    return torch.cat([part.reshape(-1) for part in parts])


def _cast(value: Any, kind: Any) -> Any:
    return value.to(kind) if kind is not None and value.is_floating_point() else value


class _Batches:
    """Batches and the share that each has of all samples, as often as asked."""

    def __init__(self, data: Any, kind: Any) -> None:
        self.kind = kind
        self.single = (
            isinstance(data, tuple) and len(data) == 2 and hasattr(data[0], "shape")
        )
        self.data: Iterable[Any] = [data] if self.single else data
        if iter(self.data) is self.data:
            raise InputError(
                "an iterator ends after one pass; give a list of batches or a "
                "DataLoader",
                "data",
            )
        try:
            self.samples = sum(len(inputs) for inputs, _ in self.data)
        except (TypeError, ValueError):
            raise InputError(
                "(inputs, targets), or a list or DataLoader of such pairs, is needed",
                "data",
            ) from None
        if not self.samples:
            raise InputError("there are no samples", "data")

    def __iter__(self) -> Any:
        for inputs, targets in self.data:
            share = len(inputs) / self.samples
            yield _cast(inputs, self.kind), _cast(targets, self.kind), share
