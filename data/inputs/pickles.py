"""Pickles, which are not opened, and the Python that converts them."""

from __future__ import annotations

from pathlib import Path

from critdamp.engine.errors import InputError

# modules that are imported, and what opens a file of this name
_TORCH = "torch", "torch.load({!r}).double().numpy()"
_PICKLE = "pathlib, pickle", "pickle.loads(pathlib.Path({!r}).read_bytes())"
_LOADERS = {
    ".pt": _TORCH,
    ".pth": _TORCH,
    ".ckpt": _TORCH,
    ".pkl": _PICKLE,
    ".pickle": _PICKLE,
    ".joblib": ("joblib", "joblib.load({!r})"),
}


def refuse_pickle(path: Path) -> None:
    """Raise an InputError with a line of Python if a file is a pickle by its suffix."""
    if path.suffix.lower() not in _LOADERS:
        return
    modules, load = _LOADERS[path.suffix.lower()]
    target = f"{path.with_suffix('.npy')}"
    raise InputError(
        f"{path}: not opened, since such a file may run any program; if you trust it, "
        f"convert it in Python: import numpy, {modules}; "
        f"numpy.save({target!r}, {load.format(f'{path}')})"
    )
