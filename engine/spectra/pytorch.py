"""The Hessian of a PyTorch model's loss as a linear operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..extras import load


def hessian_operator(
    model: Any,
    loss_fn: Callable[[Any, Any], Any],
    data: Any,
    *,
    dtype: str | None = "float64",
) -> Any:
    """Return the operator v → Hv of the Hessian of a model's mean loss  [Eq. 11].

    A product is the directional derivative of the gradient along v (Pearlmutter 1994),
    exact up to rounding, at the cost of about two gradients. The graph of a single
    batch is kept. Several batches are evaluated again at each product, so that the
    memory does not depend on their number.

    Parameters
    ----------
    model : torch.nn.Module, not modified; parameters without requires_grad are
        constants; call model.eval() first to turn off dropout
    loss_fn : (outputs, targets) → mean loss of a batch; tensors in it, such as class
        weights, must have the dtype
    data : (inputs, targets), or an iterable of such batches, which is iterated over at
        each product; batches are weighted by their sizes
    dtype : "float64" to compute in doubles, None for the type of the model

    Returns
    -------
    scipy.sparse.linalg.LinearOperator of shape (n, n), parameters in the order of the
    model

    Raises
    ------
    InputError
        No parameter requires a gradient, the data are not as above, or a loss is not
        finite.
    CritdampError
        PyTorch is not installed.
    """
    from scipy.sparse.linalg import LinearOperator

    loss = _Loss(model, loss_fn, data, dtype)
    return LinearOperator(
        (loss.size, loss.size), matvec=loss.hessian_product, dtype=loss.dtype
    )


class _Loss:
    """A model's mean loss, its gradient, and products with its Hessian."""

    def __init__(self, model: Any, loss_fn: Any, data: Any, dtype: str | None) -> None:
        torch = load("torch", "torch")
        precision = None if dtype is None else getattr(torch, dtype)
        self.model, self.loss_fn = model, loss_fn
        self.parameters = {
            name: value.detach().to(precision).requires_grad_()
            for name, value in model.named_parameters()
            if value.requires_grad
        }
        if not self.parameters:
            raise InputError("no parameter requires a gradient", "model")
        self.constants = {
            # copies, since layers that count batches modify their buffers
            name: _cast(value.detach(), precision).clone()
            for name, value in (*model.named_parameters(), *model.named_buffers())
            if name not in self.parameters
        }
        self.values = list(self.parameters.values())
        self.size = sum(value.numel() for value in self.values)
        double = all(value.dtype == torch.float64 for value in self.values)
        self.dtype = np.float64 if double else np.float32
        self.batches = _Batches(data, precision)
        single = self.batches.single
        self.gradients = list(map(self._gradient, self.batches)) if single else None

    def _gradient(self, batch: tuple[Any, Any, float]) -> Any:
        """Return the share of a batch in the gradient, (n,), with its graph."""
        import torch

        inputs, targets, share = batch
        state = {**self.parameters, **self.constants}
        outputs = torch.func.functional_call(self.model, state, (inputs,))
        loss = self.loss_fn(outputs, targets) * share
        if not torch.isfinite(loss):
            raise InputError(f"the loss is {float(loss.detach())}; it must be finite")
        options: Any = {"create_graph": True, "materialize_grads": True}
        return _flat(torch.autograd.grad(loss, self.values, **options))

    def hessian_product(
        self, vector: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Return Hv, (n,) float64."""
        import torch

        direction = torch.from_numpy(np.array(vector, dtype=np.float64).ravel())
        direction = direction.to(self.values[0])
        total = np.zeros(self.size)
        options: Any = {
            "retain_graph": self.gradients is not None,
            "materialize_grads": True,
        }
        for gradient in self.gradients or map(self._gradient, self.batches):
            if gradient.requires_grad:  # otherwise the loss is linear and H is 0
                parts = torch.autograd.grad(gradient, self.values, direction, **options)
                total += _flat(parts).detach().cpu().numpy().astype(np.float64)
        return total


def _flat(parts: Any) -> Any:
    import torch

    return torch.cat([part.reshape(-1) for part in parts])


def _cast(value: Any, dtype: Any) -> Any:
    return value.to(dtype) if dtype is not None and value.is_floating_point() else value


class _Batches:
    """An iterable of (inputs, targets, share of all samples), one for each batch."""

    def __init__(self, data: Any, dtype: Any) -> None:
        self.dtype = dtype
        self.single = (
            isinstance(data, tuple) and len(data) == 2 and hasattr(data[0], "shape")
        )
        self.data: Iterable[Any] = [data] if self.single else data
        if iter(self.data) is self.data:
            raise InputError(
                "an iterator can be read only once; give a list of batches or a "
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
            raise InputError("has no samples", "data")

    def __iter__(self) -> Any:
        for inputs, targets in self.data:
            share = len(inputs) / self.samples
            yield _cast(inputs, self.dtype), _cast(targets, self.dtype), share
