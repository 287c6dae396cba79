"""A package that is not installed is named with the line that installs it."""

import sys
from pathlib import Path

import numpy as np
import pytest

import critdamp as cd
from critdamp.data.exports.export import export
from critdamp.data.problems.datasets import digits


@pytest.mark.parametrize(
    ("package", "extra", "use"),
    [
        ("torch", "torch", lambda: cd.hessian_operator(None, None, None)),
        ("sklearn", "problems", digits),
        ("safetensors", "safetensors", lambda: cd.read_spectrum("h.safetensors")),
        ("pyarrow", "parquet", lambda: export(Path("s.h5"), Path("s.parquet"))),
    ],
)
def test_a_missing_extra_is_named(monkeypatch, tmp_path, package, extra, use):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "h.safetensors").write_bytes(b"")
    cd.save_spectrum(cd.Spectrum(np.ones(1)), "s.h5")
    for name in [one for one in sys.modules if one.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Without(package), *sys.meta_path])
    said = rf"{package} is not installed: pip install 'critdamp\[{extra}\]'"
    with pytest.raises(cd.CritdampError, match=said):
        use()


class _Without:
    """A finder that finds everything but one package."""

    def __init__(self, package):
        self.package = package

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == self.package:
            raise ModuleNotFoundError(name=self.package)
