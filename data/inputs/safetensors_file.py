"""Reader of safetensors files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from critdamp.engine.errors import InputError
from critdamp.engine.extras import load

from ..storage.memory_budget import ask

_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
    "C64": "<c8", "C128": "<c16",
}  # fmt: skip


def read_safetensors(path: Path, name: str) -> dict[str, Any]:
    """Return the tensors of a file by name, or the named one alone.

    Raises
    ------
    InputError
        The file is damaged, or a tensor has a type of less than 16 bits.
    CritdampError
        safetensors is not installed.
    """
    safetensors = load("safetensors", "safetensors")
    ask(path, 3 * path.stat().st_size)  # as bytes, as tensors, and as wider numbers
    try:
        tensors = dict(safetensors.deserialize(path.read_bytes()))
    except safetensors.SafetensorError as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    wanted = [name] if name in tensors else tensors
    return {name: _array(path, name, tensors[name]) for name in wanted}


def _array(path: Path, name: str, tensor: dict[str, Any]) -> Any:
    kind, data, shape = tensor["dtype"], tensor["data"], tensor["shape"]
    if kind == "BF16":  # the upper half of a float32
        upper = np.frombuffer(data, "<u2").astype(np.uint32)
        return (upper << 16).view(np.float32).reshape(shape)
    if kind not in _TYPES:
        raise InputError(
            f"{path}: {name} holds {kind}, which cannot be read; store it as float32"
        )
    return np.frombuffer(data, _TYPES[kind]).reshape(shape)
