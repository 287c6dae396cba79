"""Learning rate and momentum near a minimum: maps, spectra, run files.

Names are imported when first used, so that ``import critdamp`` loads nothing else.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from critdamp.data.hessians import read_spectrum
    from critdamp.data.problems import problem_spectrum
    from critdamp.data.runfile import Run, open_run
    from critdamp.data.spectra import load_spectrum, save_spectrum
    from critdamp.data.sweeps import resume, status, sweep
    from critdamp.engine.coupled import Verification, verify
    from critdamp.engine.errors import (
        CritdampError,
        FileError,
        InputError,
        OutputExistsError,
        PlanChangedError,
    )
    from critdamp.engine.face import (
        eigenvalues,
        gradient_descent,
        heavy_ball,
        nesterov,
        noise_variance,
        qhm,
        rate,
        regime,
        settling_time,
        spectral_radius,
        transient_peak,
    )
    from critdamp.engine.grid import Axis
    from critdamp.engine.models import hessian_operator
    from critdamp.engine.oscillator import (
        continuous,
        discrete,
        improvement,
        simulate_continuous,
    )
    from critdamp.engine.per_weight import diagonal, per_weight_radius, scaled
    from critdamp.engine.plan import Plan
    from critdamp.engine.simulation import Trajectory, simulate
    from critdamp.engine.spectrum import Spectrum
    from critdamp.engine.training import Training, verify_training
    from critdamp.engine.tuning import Tuning, polyak

    __version__: str

__all__ = [
    "Axis",
    "CritdampError",
    "FileError",
    "InputError",
    "OutputExistsError",
    "Plan",
    "PlanChangedError",
    "Run",
    "Spectrum",
    "Training",
    "Trajectory",
    "Tuning",
    "Verification",
    "__version__",
    "continuous",
    "diagonal",
    "discrete",
    "eigenvalues",
    "gradient_descent",
    "heavy_ball",
    "hessian_operator",
    "improvement",
    "load_spectrum",
    "nesterov",
    "noise_variance",
    "open_run",
    "per_weight_radius",
    "polyak",
    "problem_spectrum",
    "qhm",
    "rate",
    "read_spectrum",
    "regime",
    "resume",
    "save_spectrum",
    "scaled",
    "settling_time",
    "simulate",
    "simulate_continuous",
    "spectral_radius",
    "status",
    "sweep",
    "transient_peak",
    "verify",
    "verify_training",
]

if not TYPE_CHECKING:
    # every other name of __all__ is one of engine.face
    _HOMES = {
        "Axis": "engine.grid",
        "CritdampError": "engine.errors",
        "FileError": "engine.errors",
        "InputError": "engine.errors",
        "OutputExistsError": "engine.errors",
        "Plan": "engine.plan",
        "PlanChangedError": "engine.errors",
        "Run": "data.runfile",
        "Spectrum": "engine.spectrum",
        "Training": "engine.training",
        "Trajectory": "engine.simulation",
        "Tuning": "engine.tuning",
        "Verification": "engine.coupled",
        "continuous": "engine.oscillator",
        "diagonal": "engine.per_weight",
        "discrete": "engine.oscillator",
        "hessian_operator": "engine.models",
        "improvement": "engine.oscillator",
        "load_spectrum": "data.spectra",
        "open_run": "data.runfile",
        "per_weight_radius": "engine.per_weight",
        "polyak": "engine.tuning",
        "problem_spectrum": "data.problems",
        "read_spectrum": "data.hessians",
        "resume": "data.sweeps",
        "save_spectrum": "data.spectra",
        "scaled": "engine.per_weight",
        "simulate": "engine.simulation",
        "simulate_continuous": "engine.oscillator",
        "status": "data.sweeps",
        "sweep": "data.sweeps",
        "verify": "engine.coupled",
        "verify_training": "engine.training",
    }

    def __getattr__(name):
        if name == "__version__":
            value = import_module("importlib.metadata").version(__name__)
        elif name in __all__:
            home = _HOMES.get(name, "engine.face")
            value = getattr(import_module(f"{__name__}.{home}"), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
