"""Learning rate and momentum near a minimum: maps, spectra, run files.

Names are imported when first used, so that ``import critdamp`` loads nothing else. The
quantities and the methods of the engine's registries are names of the package too.
"""

from __future__ import annotations

from importlib import import_module

# what type checkers take as true; `typing` itself is slow to import
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from critdamp.data.formats.run_file import (
        Run as Run,
        open_run as open_run,
    )
    from critdamp.data.formats.spectrum_file import (
        load_spectrum as load_spectrum,
        save_spectrum as save_spectrum,
    )
    from critdamp.data.inputs.read_spectrum import (
        read_spectrum as read_spectrum,
    )
    from critdamp.data.problems.catalogue import (
        problem_spectrum as problem_spectrum,
    )
    from critdamp.data.sweeps.status import (
        status as status,
    )
    from critdamp.data.sweeps.sweep import (
        resume as resume,
        sweep as sweep,
    )
    from critdamp.engine.errors import (
        CritdampError as CritdampError,
        FileError as FileError,
        InputError as InputError,
        OutputExistsError as OutputExistsError,
        PlanChangedError as PlanChangedError,
    )
    from critdamp.engine.maps.axis import (
        Axis as Axis,
    )
    from critdamp.engine.maps.plan import (
        Plan as Plan,
    )
    from critdamp.engine.simulation.coupled import (
        Verification as Verification,
        verify as verify,
    )
    from critdamp.engine.simulation.oscillators import (
        simulate_continuous as simulate_continuous,
    )
    from critdamp.engine.simulation.physical_analogy import (
        continuous as continuous,
        discrete as discrete,
        improvement as improvement,
    )
    from critdamp.engine.simulation.schedule import Cyclic as Cyclic
    from critdamp.engine.simulation.simulate import simulate as simulate
    from critdamp.engine.simulation.training import (
        Training as Training,
        verify_training as verify_training,
    )
    from critdamp.engine.simulation.trajectory import Trajectory as Trajectory
    from critdamp.engine.spectra.per_weight import (
        diagonal as diagonal,
        per_weight_radius as per_weight_radius,
        scaled as scaled,
    )
    from critdamp.engine.spectra.pytorch import (
        hessian_operator as hessian_operator,
    )
    from critdamp.engine.spectra.spectrum import (
        Spectrum as Spectrum,
    )
    from critdamp.engine.tuning.closed_forms import (
        Tuning as Tuning,
        critical_momentum as critical_momentum,
        polyak as polyak,
    )

    __version__: str


_HOMES = {
    "Axis": "engine.maps.axis",
    "CritdampError": "engine.errors",
    "Cyclic": "engine.simulation.schedule",
    "FileError": "engine.errors",
    "InputError": "engine.errors",
    "OutputExistsError": "engine.errors",
    "Plan": "engine.maps.plan",
    "PlanChangedError": "engine.errors",
    "Run": "data.formats.run_file",
    "Spectrum": "engine.spectra.spectrum",
    "Training": "engine.simulation.training",
    "Trajectory": "engine.simulation.trajectory",
    "Tuning": "engine.tuning.closed_forms",
    "Verification": "engine.simulation.coupled",
    "critical_momentum": "engine.tuning.closed_forms",
    "continuous": "engine.simulation.physical_analogy",
    "diagonal": "engine.spectra.per_weight",
    "discrete": "engine.simulation.physical_analogy",
    "hessian_operator": "engine.spectra.pytorch",
    "improvement": "engine.simulation.physical_analogy",
    "load_spectrum": "data.formats.spectrum_file",
    "open_run": "data.formats.run_file",
    "per_weight_radius": "engine.spectra.per_weight",
    "polyak": "engine.tuning.closed_forms",
    "problem_spectrum": "data.problems.catalogue",
    "read_spectrum": "data.inputs.read_spectrum",
    "resume": "data.sweeps.sweep",
    "save_spectrum": "data.formats.spectrum_file",
    "scaled": "engine.spectra.per_weight",
    "simulate": "engine.simulation.simulate",
    "simulate_continuous": "engine.simulation.oscillators",
    "status": "data.sweeps.status",
    "sweep": "data.sweeps.sweep",
    "verify": "engine.simulation.coupled",
    "verify_training": "engine.simulation.training",
}


def _registered() -> list[str]:
    """Return the names of what every method has, and of all methods."""
    quantities = import_module("critdamp.engine.quantities.registry").QUANTITIES
    methods = import_module("critdamp.engine.modes.methods").METHODS
    return [*quantities, *methods, "eigenvalues"]


def _names() -> list[str]:
    return sorted({"__version__", *_HOMES, *_registered()})


def _cited(value: Any) -> Any:
    """Return a function or class whose help names the paper that it cites."""
    documented = getattr(value, "__func__", value)
    if documented.__doc__:
        with_source = import_module(f"{__name__}.engine.citations").with_source
        documented.__doc__ = with_source(documented.__doc__)
    return value


def __getattr__(name: str) -> Any:
    """Return a name of the package, imported now."""
    if name == "__all__":
        return _names()
    if name == "__version__":
        value = import_module("importlib.metadata").version(__name__)
    elif name in _HOMES:
        value = _cited(getattr(import_module(f"{__name__}.{_HOMES[name]}"), name))
    elif not name.startswith("_") and name in _registered():
        value = _cited(import_module(f"{__name__}.engine.backends.ufuncs").public(name))
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_names()})
