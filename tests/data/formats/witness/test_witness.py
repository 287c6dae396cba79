"""Files of format 1, made once: every later critdamp opens them and reads the same.

They were made by critdamp 0.1.0, in a process whose host was called «witness», by

    printf '0\n0.01\n0.1\n0.1\n1\n' > k.csv
    critdamp spectrum k.csv --name five -o spectrum.h5
    critdamp sweep --eps 0.1,1,2,4 --p 0,0.9 --k 0.1,0.5,1 \
        --quantity spectral_radius --quantity regime -o run.h5
    critdamp sweep --spectrum spectrum.h5 --eps 0.5,1,1.5 --p 0.5,0.9 --tol 1e-3 \
        --quantity rate --quantity loss_settling_time -o map.h5
    critdamp integrate spectrum.h5 --eps 1 --p 0.5 --steps 20 --record every:5 \
        --modes -o trajectory.h5

and are never made again; a format 2 gets files of its own beside them.
"""

from pathlib import Path

import h5py
import numpy as np
import pytest

import critdamp as cd
from critdamp.data.exports.columns import open_columns

HERE = Path(__file__).parent
K = np.array([0, 0.01, 0.1, 0.1, 1])


def test_run():
    with cd.open_run(HERE / "run.h5") as run:
        assert list(run.axes) == ["k", "eps", "p"]
        assert run.quantities == ("spectral_radius", "regime")
        k, eps = (run.axes[name].values for name in ("k", "eps"))
        rho, regime = run["spectral_radius"][()], run["regime"][()]
        assert run.summary("spectral_radius").best_point == {"k": 0.5, "eps": 2, "p": 0}
        assert run.meaning("regime", regime[0, 0, 1]) == "underdamped"
        assert run.plan.tol == 1e-6
    # without momentum |1 - eps k|; with it √p, but for eps k = 4, beyond (1 + √p)²
    np.testing.assert_allclose(rho[..., 0], abs(1 - np.outer(k, eps)), rtol=1e-15)
    assert rho[2, 3, 1] == 1.5
    assert set(rho[..., 1].ravel()) == {0.9486832980505138, 1.5}
    no_momentum = [[1, 1, 1, 1], [1, 1, 2, 0], [1, 2, 0, -1]]
    assert regime[..., 0].tolist() == no_momentum
    assert regime[..., 1].ravel().tolist() == [3] * 11 + [-1]


def walked(eps, p, steps):
    """Return w of each mode at each step, by the recurrence itself."""
    w = [np.ones(K.size), 1 - eps * K]
    for _ in range(steps - 1):
        w.append((1 + p - eps * K) * w[-1] - p * w[-2])
    return np.array(w)


def test_map_of_a_spectrum():
    with cd.open_run(HERE / "map.h5") as run:
        assert list(run.axes) == ["eps", "p"]
        assert run.plan.spectrum.k.tolist() == K.tolist()
        assert run.plan.spectrum.name == "five"
        rate, settling = run["rate"][()], run["loss_settling_time"][()]
        assert run.summary("loss_settling_time").best_value == 35
        grid = np.meshgrid(*(a.values for a in run.axes.values()), indexing="ij")
    expected = cd.rate(grid[0][..., None], grid[1][..., None], K[1:]).min(axis=-1)
    np.testing.assert_allclose(rate, expected, rtol=1e-14)
    assert settling.tolist() == [[106, 64], [53, 65], [35, 65]]
    for at in np.ndindex(settling.shape):
        loss = walked(grid[0][at], grid[1][at], 1000) ** 2 @ K
        assert settling[at] == np.flatnonzero(loss > 1e-3 * loss[0])[-1] + 1


def test_spectrum():
    spectrum = cd.load_spectrum(HERE / "spectrum.h5")
    assert (spectrum.name, spectrum.zeros, spectrum.modes) == ("five", 1, 5)
    assert spectrum.k.tolist() == K.tolist()
    assert spectrum.known["residuals"].tolist() == [0] * 5


def test_trajectory():
    w = walked(1, 0.5, 20)[::5]
    with open_columns(HERE / "trajectory.h5") as columns:
        assert columns.names == ("loss", "distance")
        assert columns.scales["t"].tolist() == [0, 5, 10, 15, 20]
        loss, distance = (columns.file[name][()] for name in columns.names)
    np.testing.assert_allclose(loss, w**2 @ K / 2, rtol=1e-13)
    np.testing.assert_allclose(distance, np.sqrt((w**2).sum(axis=1)), rtol=1e-13)
    with h5py.File(HERE / "trajectory.h5", "r") as file:
        np.testing.assert_allclose(file["modes"][()], w, rtol=1e-13)
        assert file.attrs["diverged_at"] == -1


@pytest.mark.parametrize("path", sorted(HERE.glob("*.h5")), ids=lambda path: path.stem)
def test_every_witness_is_of_format_1(path):
    with h5py.File(path, "r") as file:
        assert file.attrs["format_version"] == 1
