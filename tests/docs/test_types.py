"""A user's program passes `mypy --strict`, and what is wrong in one does not."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
PROGRAM = """
import numpy as np

import critdamp as cd

hessian = np.diag([0.01, 0.1, 1.0])
spectrum = cd.Spectrum.from_hessian(hessian, steps=150).filtered(shift=0.01)
best = cd.polyak(spectrum.k[0], spectrum.k[-1])
print(f"lr={best.eps:.3g}, momentum={best.p:.3g}")
eps = cd.Axis.log(0.1, 30, 12)
plan = cd.Plan(quantities="rate", spectrum=spectrum, eps=eps, p=[0.0, 0.5])
with cd.sweep(plan, "map.h5", force=True) as run:
    point, values = run.at(eps=1.0, p=0.5)
    print(point["eps"], values["rate"], run["rate"].shape)
with cd.resume("map.h5") as again, cd.open_run("map.h5") as opened:
    print(again.quantities, opened.summary("rate").best_value)
stopped = cd.sweep(plan, "stopped.h5", stop=lambda: True)
if stopped is not None:
    stopped.close()
print(cd.spectral_radius(0.1, 0.9, 1.0), cd.settling_time(0.1, 0.9, 1.0, tol=1e-6))
print(cd.rate(eps=0.1, p=0.9, k=hessian), cd.qhm(nu=0.7).rate(1.0, 0.9, [0.1, 1.0]))
seen = cd.simulate(spectrum, 1.0, 0.5, 100, record="every:10")
print(seen.loss[-1], cd.eigenvalues(0.1, 0.9, 1.0), cd.verify(hessian, 1.0, 0.5).steps)
"""
WRONG = """
with cd.sweep(plan, "map.h5", stop=lambda: True) as maybe:
    pass
cd.sweep(plan, "map.h5", fast=True)
cd.polyak("1", 2)
"""


@pytest.mark.parametrize(("more", "errors"), [("", 0), (WRONG, 4)])
def test_programs_are_checked(tmp_path, more, errors):
    (tmp_path / "program.py").write_text(PROGRAM + more, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "program.py"]
    done = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True)
    assert done.stdout.count("error:") >= errors, done.stdout + done.stderr
    assert done.returncode == bool(errors), done.stdout
