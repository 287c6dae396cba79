"""Methods: each one turns its parameters and a curvature into a recurrence.

Near a minimum a method moves one mode by w_{t+1} = T·w_t − D·w_{t−1}. T, D and w_1/w_0
are polynomials in the parameters, so each is given here as a tuple of doubles whose sum
is *exactly* that polynomial; nothing is rounded before a quantity asks for it.

To add a method: write its function and its `Method` line; a parameter that no other
method has gets a line in `VARIABLES`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..arithmetic.double_double import product
from ..arithmetic.exact_sums import total
from ..arithmetic.jit import jit
from ..errors import InputError


class Variable(NamedTuple):
    """The curvature, or a parameter of methods.

    Attributes
    ----------
    long_name : for people and files
    comment : what it is more exactly
    default : its value where none is given, None where one is needed
    """

    long_name: str
    comment: str
    default: float | None = None


VARIABLES = {
    "k": Variable("curvature", "eigenvalue of the Hessian"),
    "eps": Variable(
        "learning rate", "epsilon in step = -epsilon * gradient + p * last step"
    ),
    "p": Variable("momentum", "share of the last step that is kept", default=0.0),
    "nu": Variable("share of momentum in the step", "nu of quasi-hyperbolic momentum"),
}
# NumPy's ufuncs have a fixed number of arguments; `templates` has those for so many
MOST_PARAMETERS = 6
# of products of doubles whose last digits are normal numbers
_LEAST_PRODUCT = 2.0**-969


class Recurrence(NamedTuple):
    """What a method is for one mode, each field a tuple of doubles to be summed.

    Attributes
    ----------
    trace : T
    determinant : D
    first : w_1/w_0, from rest
    noise_coefficients : n₀, n₁, n₀ + n₁ and n₀ − n₁, doubles to some ulp: noise ξ_t on
        the gradient adds n₀ξ_t + n₁ξ_{t−1} to w_{t+1}
    underflows : whether ε·k lost digits below the normal numbers; its sign holds
    """

    trace: tuple[float, ...]
    determinant: tuple[float, ...]
    first: tuple[float, ...]
    noise_coefficients: tuple[float, float, float, float]
    underflows: bool


@dataclass(frozen=True, eq=False)
class Method:
    """A method by name, with the names of its parameters.

    T and D are affine in the last parameter, which `between` of a quantity relies on,
    and in k, which worst modes of spectra and the coupled iteration rely on. A
    parameter `eps` is in them as the product ε·k alone.

    Attributes
    ----------
    name : as in options and files
    parameters : names from `VARIABLES`, at most six, slowest dimension of a grid first
    recurrence : kernel (*parameters, k) → Recurrence
    long_name : for people
    """

    name: str
    parameters: tuple[str, ...]
    recurrence: Callable[..., Any]
    long_name: str

    def __post_init__(self) -> None:
        """Refuse more parameters than `templates` has arguments for."""
        if len(self.parameters) > MOST_PARAMETERS:
            raise InputError(
                f"{self.name} has {len(self.parameters)} parameters; up to "
                f"{MOST_PARAMETERS} work"
            )

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Return the order of a grid's dimensions: k before the last two parameters.

        An image at one k is then over ε and p.
        """
        return (*self.parameters[:-2], "k", *self.parameters[-2:])


@jit
def _times(a, b):
    """Return a·b exactly as two doubles, as (±inf, 0) beyond the largest double."""
    hi, lo = product(a, b)
    return hi, lo if abs(hi) < math.inf else 0.0


@jit
def _gradient_step(eps, k):
    """Return ε·k as `_times`, and whether digits of it are lost in an underflow.

    What would be 0 is then the least double of its sign, so that signs hold. Nothing
    branches.
    """
    x, y = _times(eps, k)
    tiny = (abs(x) < _LEAST_PRODUCT) & (eps != 0.0) & (k != 0.0)
    factor = 2.0**540 if tiny else 1.0
    low = abs(eps) < abs(k)
    hi, lo = product((eps if low else k) * factor, k if low else eps)
    lost = tiny & ((x == 0.0) | (x * factor != hi) | (lo != 0.0))
    gone = (x == 0.0) & (eps != 0.0) & (k != 0.0)
    return math.copysign(5e-324, x) if gone else x, y, lost


@jit
def _plain_noise(eps):
    """Return the coefficients of noise that acts in one step alone."""
    return -eps, 0.0, -eps, -eps


@jit
def _heavy_ball(eps, p, k):
    """Return T = 1 + p − εk, D = p, w_1 = 1 − εk  [Eq. 2] [Eq. 28] [Eq. 30]."""
    x, y, lost = _gradient_step(eps, k)
    first = (1.0, -x, -y)
    return Recurrence(first + (p,), (p,), first, _plain_noise(eps), lost)


@jit
def _gradient_descent(eps, k):
    """Return T = 1 − εk, D = 0, w_1 = T  [Eq. 1] [Eq. 33]."""
    x, y, lost = _gradient_step(eps, k)
    first = (1.0, -x, -y)
    return Recurrence(first, (0.0,), first, _plain_noise(eps), lost)


@jit
def _nesterov(eps, p, k):
    """Return T = (1+p)(1−εk), D = p(1−εk), w_1 = 1 − εk."""
    x, y, lost = _gradient_step(eps, k)
    xh, xl = _times(p, x)
    yh, yl = _times(p, y)
    return Recurrence(
        (1.0, -x, -y, p, -xh, -xl, -yh, -yl),
        (p, -xh, -xl, -yh, -yl),
        (1.0, -x, -y),
        _plain_noise(eps),
        lost,
    )


@jit
def _qhm(nu, eps, p, k):
    """Return T = w_1 + p, D = p(1 − εk + ενk), w_1 = 1 − ε(1 − νp)k.

    Quasi-hyperbolic momentum (Ma and Yarats 2019) with α = ε, β = p.
    """
    x, y, lost = _gradient_step(eps, k)
    xh, xl = _times(p, x)
    yh, yl = _times(p, y)
    mh, ml = _times(nu, p)
    # (mh + ml)·(x + y) as four exact products
    ah, al = _times(mh, x)
    bh, bl = _times(mh, y)
    ch, cl = _times(ml, x)
    dh, dl = _times(ml, y)
    first = (1.0, -x, -y, ah, al, bh, bl, ch, cl, dh, dl)
    noise_coefficients = (
        -eps * total((1.0, -mh, -ml)).hi,
        eps * p * (1.0 - nu),
        -eps * (1.0 - p),
        -eps * total((1.0, p, -2.0 * mh, -2.0 * ml)).hi,
    )
    return Recurrence(
        first + (p,),
        (p, -xh, -xl, -yh, -yl, ah, al, bh, bl, ch, cl, dh, dl),
        first,
        noise_coefficients,
        lost,
    )


_METHODS = (
    Method("heavy_ball", ("eps", "p"), _heavy_ball, "heavy ball (Polyak 1964)"),
    Method("gradient_descent", ("eps",), _gradient_descent, "gradient descent"),
    Method("nesterov", ("eps", "p"), _nesterov, "Nesterov's accelerated gradient"),
    Method("qhm", ("nu", "eps", "p"), _qhm, "quasi-hyperbolic momentum"),
)
METHODS = {method.name: method for method in _METHODS}
