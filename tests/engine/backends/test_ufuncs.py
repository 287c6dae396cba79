"""The public face: ufuncs, methods, closed forms, and how little an import loads."""

import copy
import inspect
import pickle
import pydoc
import subprocess
import sys

import numba
import numpy as np
import pytest

import critdamp as cd
from critdamp.engine.errors import InputError


def test_quantities_are_ufuncs():
    eps = np.linspace(0.1, 1, 5)[:, None]
    found = cd.spectral_radius(eps, [0.0, 0.5, 0.9], 1.0)
    out = np.empty((5, 3))
    assert cd.spectral_radius(eps, [0.0, 0.5, 0.9], 1.0, out=out) is out
    np.testing.assert_array_equal(out, found)
    assert cd.regime(eps, 0.5, 1.0).dtype == np.int8


def test_arguments_have_names():
    one = cd.rate(0.1, 0.9, 1.0)
    assert cd.rate(k=1.0, p=0.9, eps=0.1) == cd.rate(0.1, k=1.0, p=0.9) == one
    assert cd.qhm(nu=0.5).rate(eps=0.1, p=0.9, k=1.0) == cd.qhm.rate(0.5, 0.1, 0.9, 1.0)
    assert cd.settling_time(4 / 121, 81 / 121, 1.0, tol=1e-6) == 83.0
    named = cd.eigenvalues(eps=0.1, p=0.9, k=1.0)
    np.testing.assert_array_equal(named, cd.eigenvalues(0.1, 0.9, 1.0))
    out = np.empty(2)
    assert cd.rate(eps=[0.1, 0.2], p=0.9, k=1.0, out=out) is out
    assert [*inspect.signature(cd.settling_time).parameters][:4] == [
        *("eps", "p", "k", "tol")
    ]
    for arguments, named, said in (
        ((0.1,), {"k": 1.0}, "p missing; the arguments are eps, p, k"),
        ((0.1, 0.9, 1.0), {"k": 1.0}, "k given twice"),
    ):
        for function in (cd.rate, cd.eigenvalues):
            with pytest.raises(InputError, match=said):
                function(*arguments, **named)
    with pytest.raises(TypeError, match="lr"):
        cd.rate(0.1, 0.9, 1.0, lr=0.1)
    with pytest.raises(InputError, match="lr: eigenvalues has no"):
        cd.eigenvalues(0.1, 0.9, 1.0, lr=0.1)


def test_help_names_the_paper():
    """Every public function that cites an equation, and each quantity, says of what."""
    cited = [getattr(cd, name) for name in cd.__all__]
    cited = [one for one in cited if "[Eq. " in (one.__doc__ or "")]
    assert len(cited) > 10
    for one in cited:
        assert pydoc.render_doc(one).count("Qian 1999") == 1


def test_methods_bind_their_leading_parameters():
    half = cd.qhm(nu=0.5)
    assert half.parameters == ("eps", "p")
    assert half.rate(0.1, 0.9, 1.0) == cd.qhm.rate(0.5, 0.1, 0.9, 1.0)
    assert half.eigenvalues(0.1, 0.9, 1.0).shape == (2,)
    with pytest.raises(InputError, match="nu, eps, p, bound in this order"):
        cd.qhm(p=0.5)
    with pytest.raises(AttributeError, match="it has spectral_radius"):
        _ = cd.heavy_ball.speed


def test_methods_can_be_copied_and_pickled():
    for face in (cd.heavy_ball, cd.qhm(nu=0.5), cd.rate, cd.qhm(nu=0.5).rate):
        for again in (copy.deepcopy(face), pickle.loads(pickle.dumps(face))):
            assert repr(again) == repr(face)
    assert "the leading arguments are bound" in cd.qhm(nu=0.5).rate.__doc__


def test_threads_of_others_are_left_alone(tmp_path):
    before = numba.get_num_threads()
    cd.sweep(cd.Plan(eps=1, p=0, k=1), tmp_path / "run.h5", threads=1).close()
    assert numba.get_num_threads() == before


def test_qhm_with_all_of_its_momentum_is_the_heavy_ball():
    eps, p = np.meshgrid([0.5, 0.25, 0.125], [0.0, 0.5, 0.75])
    one = cd.qhm(nu=1.0).spectral_radius(eps, p, 1.0)
    np.testing.assert_array_equal(one, cd.spectral_radius(eps * (1 - p), p, 1.0))


@pytest.mark.slow
def test_gradient_descent_is_the_heavy_ball_without_momentum():
    x = np.linspace(0.01, 2.5, 100)
    for name in ("spectral_radius", "rate", "regime", "transient_peak"):
        alone = getattr(cd.gradient_descent, name)(x, 1.0)
        np.testing.assert_array_equal(alone, getattr(cd, name)(x, 0.0, 1.0))


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import critdamp", "numpy numba h5py click critdamp.engine"),
        ("import critdamp.cli as c; c.main()", "numpy numba h5py rich"),
    ],
)
def test_little_is_loaded_before_it_is_needed(code, absent):
    program = (
        "import sys; sys.argv[1:] = ['--help']\n"
        f"try:\n    exec({code!r})\nexcept SystemExit:\n    pass\n"
        f"sys.exit([m for m in {absent.split()!r} if m in sys.modules] or 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def test_every_public_name_is_there_and_documented():
    for name in cd.__all__:
        value = getattr(cd, name)
        assert isinstance(value, str) or value.__doc__, name
    with pytest.raises(AttributeError, match="nonsense"):
        _ = cd.nonsense
