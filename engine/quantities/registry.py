"""The quantities of one mode. Each is a line here; the order is that of the help."""

from .noise_variance import noise_variance
from .quantity import Quantity
from .rate import rate
from .regime import regime
from .settling_time import settling_time
from .spectral_radius import spectral_radius
from .transient_peak import transient_peak

_QUANTITIES = (
    spectral_radius,
    rate,
    regime,
    settling_time,
    transient_peak,
    noise_variance,
)
QUANTITIES: dict[str, Quantity] = {one.name: one for one in _QUANTITIES}
