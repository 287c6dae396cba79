"""The Hessian of a PyTorch model's loss as a linear operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import InputError


def hessian_operator(
    model: Any,
    loss_fn: Callable[[Any, Any], Any],
    data: Any,
    *,
    dtype: str | None = "float64",
) -> Any:
    """Return v → Hv for the Hessian of a model's mean loss over all its parameters.

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
    import torch
    from scipy.sparse.linalg import LinearOperator

    kind = None if dtype is None else getattr(torch, dtype)
    parameters = {
        name: value.detach().to(kind).requires_grad_()
        for name, value in model.named_parameters()
        if value.requires_grad
    }
    if not parameters:
        raise InputError("model: no parameter requires a gradient")
    fixed = {
        # a copy, since layers that count batches would change it
        name: _cast(value.detach(), kind).clone()
        for name, value in (*model.named_parameters(), *model.named_buffers())
        if name not in parameters
    }
    batches = _Batches(data, kind)

    def gradient(batch: tuple[Any, Any], share: float) -> Any:
        inputs, targets = batch
        outputs = torch.func.functional_call(model, {**parameters, **fixed}, (inputs,))
        loss = loss_fn(outputs, targets) * share
        if not torch.isfinite(loss):
            raise InputError(f"the loss is {float(loss.detach())}, not finite")
        values = list(parameters.values())
        parts = torch.autograd.grad(
            loss, values, create_graph=True, materialize_grads=True
        )
        return torch.cat([part.reshape(-1) for part in parts])

    kept = [gradient(batch, 1.0) for batch, _ in batches] if batches.single else None

    def product(vector: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        along = torch.from_numpy(np.array(vector, dtype=np.float64).ravel())
        values = list(parameters.values())
        along = along.to(values[0])
        total = np.zeros(along.numel())
        gradients = kept or (gradient(batch, share) for batch, share in batches)
        for one in gradients:
            if not one.requires_grad:  # linear in all parameters
                continue
            parts = torch.autograd.grad(
                one,
                values,
                along,
                retain_graph=kept is not None,
                materialize_grads=True,
            )
            flat = torch.cat([part.reshape(-1) for part in parts])
            total += flat.detach().cpu().numpy().astype(np.float64)
        return total

    n = sum(value.numel() for value in parameters.values())
    double = all(value.dtype == torch.float64 for value in parameters.values())
    precision = np.float64 if double else np.float32
    return LinearOperator((n, n), matvec=product, dtype=precision)


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
                "data: an iterator ends after one pass; give a list of batches or a "
                "DataLoader"
            )
        try:
            self.samples = sum(len(inputs) for inputs, _ in self.data)
        except (TypeError, ValueError):
            raise InputError(
                "data: (inputs, targets), or a list or DataLoader of such pairs, is "
                "needed"
            ) from None
        if not self.samples:
            raise InputError("data: there are no samples")

    def __iter__(self) -> Any:
        for inputs, targets in self.data:
            batch = _cast(inputs, self.kind), _cast(targets, self.kind)
            yield batch, len(inputs) / self.samples
