"""Threads: as many as were asked for, and none in a process that lacks them."""

import os

import numba
import numpy as np
import pytest

import critdamp as cd
from critdamp.engine.backends.compile import threading_layer
from critdamp.engine.backends.threads import choose_threads
from critdamp.engine.errors import InputError
from critdamp.engine.maps.compute import TileComputer
from critdamp.engine.simulation.ensemble import Ensemble

SPECTRUM = cd.Spectrum(np.geomspace(1e-3, 1, 20))
PLAN = cd.Plan(eps=[0.1, 0.2], p=[0.5, 0.9], k=[1.0])
TWO_STEPS = np.full(2, 0.1)
WAYS = {
    "choose_threads": lambda: choose_threads(1),
    "eigenvalues": lambda: cd.eigenvalues(0.1, 0.9, 1.0),
    "threading_layer": threading_layer,
    "map": lambda: TileComputer(PLAN)(PLAN.grid.tile(0)),
    "simulate": lambda: cd.simulate(SPECTRUM, 0.1, 0.9, 5),
    "simulate, one by one": lambda: cd.simulate(SPECTRUM, 0.1, 0.9, 5, record=[3]),
    "simulate_continuous": lambda: cd.simulate_continuous(SPECTRUM, 1, 1, [0, 1]),
    "verify": lambda: cd.verify(np.eye(2), 0.1, 0.9, steps=5),
}


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("backend", ["numba", "auto"])
def test_a_forked_ensemble_does_not_move(backend):
    ensemble = Ensemble(len(SPECTRUM), 1, backend)
    schedule = SPECTRUM.k, TWO_STEPS, TWO_STEPS
    assert b"forked after kernels" in said_by_a_fork(lambda: ensemble.follow(*schedule))


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("way", WAYS)
def test_a_forked_process_is_told_so(way):
    """Its threads are gone: kernels would hang there, or abort it."""
    choose_threads(1)
    assert b"forked after kernels had run" in said_by_a_fork(WAYS[way])


def said_by_a_fork(run):
    """Return the error that a call ends with in a forked process."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            run()
            os.write(write, b"nothing")
        except InputError as error:
            os.write(write, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        return file.read()


@pytest.fixture
def asked(monkeypatch):
    """Return the numbers of threads that kernels are run on."""
    numbers, set_threads = [], numba.set_num_threads

    def note(number):
        numbers.append(number)
        set_threads(number)

    monkeypatch.setattr(numba, "set_num_threads", note)
    # each one that is set is followed by the number that was set before
    return lambda: set(numbers[::2])


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="needs two threads")
def test_threads_are_as_asked_in_the_library(asked):
    cd.simulate(SPECTRUM, 0.1, 0.9, 5, threads=1)
    cd.simulate(SPECTRUM, 0.1, 0.9, 5, record=[2, 3], modes=True, threads=1)
    cd.simulate(SPECTRUM, TWO_STEPS, 0.9, 2, threads=1)
    cd.simulate_continuous(SPECTRUM, 1.0, 1.0, [0, 1], threads=1)
    cd.verify(np.diag([0.5, 1.0]), 0.1, 0.9, steps=5, threads=1)
    assert asked() == {1}


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="needs two threads")
@pytest.mark.parametrize(
    "options",
    [
        ("--eps", "0.1", "--steps", "5"),
        ("--eps", "0.1", "--steps", "5", "--modes", "--record", "1,3"),
        ("--eps", "0.1,0.2", "--steps", "2"),
        ("--continuous", "--times", "0,1"),
    ],
)
def test_threads_are_as_asked_on_the_command_line(critdamp, asked, options):
    done = critdamp("integrate", "digits-softmax", *options, "--threads", "1")
    assert done.code == 0, done.err
    assert asked() == {1}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NUMBA_NUM_THREADS", "0", "must be > 0"),
        ("NUMBA_NUM_THREADS", "100000", "up to 4096 are allowed"),
        ("NUMBA_THREADING_LAYER", "none", "unset it"),
        ("NUMBA_DISABLE_JIT", "1", "unset it"),
    ],
)
def test_settings_of_numba_that_cannot_work_are_one_line(started, name, value, said):
    command = started("info", env={name: value})
    out, err = command.communicate()
    assert (command.returncode > 0, out, err.count("\n")) == (True, "", 1)
    assert said in err
