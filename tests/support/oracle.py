"""Plain-Python twins of methods and quantities, exact or to 400 bits.

They follow the definitions, not the engine: a method is the optimiser that people run,
a recurrence is checked against it, and times are found by going there step by step.
"""

from fractions import Fraction

import mpmath
import numpy as np

mpmath.mp.prec = 400

BITS = 256
PI = "3.14159265358979323846264338327950288"


def heavy_ball(eps, p, k):
    """Return T, D and w_1/w_0 as exact fractions."""
    x = eps * k
    return 1 + p - x, p, 1 - x


def gradient_descent(eps, k):
    """Return T, D and w_1/w_0."""
    return 1 - eps * k, Fraction(0), 1 - eps * k


def nesterov(eps, p, k):
    """Return T, D and w_1/w_0."""
    y = 1 - eps * k
    return (1 + p) * y, p * y, y


def qhm(nu, eps, p, k):
    """Return T, D and w_1/w_0, with α = eps and β = p."""
    x = eps * k
    trace = 1 + p - x + x * p * nu
    return trace, p * (1 - x + nu * x), 1 - (1 - nu * p) * x


METHODS = {f.__name__: f for f in (heavy_ball, gradient_descent, nesterov, qhm)}


def exact(method, *point):
    """Return T, D and w_1/w_0 of a method at a point of doubles."""
    return METHODS[method](*(Fraction(float(x)) for x in point))


def optimiser(method, *point, w=Fraction(1), noise=()):
    """Yield w_0, w_1, … of the optimiser as it is written, with noise on gradients."""
    *head, k = (Fraction(float(x)) for x in point)
    *nu, eps = head[:-1] if len(head) > 1 else head
    p = head[-1] if len(head) > 1 else 0
    buffer, last, noise = Fraction(0), w, iter(noise)
    while True:
        yield w
        xi = next(noise, 0)
        if method == "nesterov":
            ahead = w + p * (w - last)
            w, last = ahead - eps * (k * ahead + xi), w
        elif method == "qhm":
            gradient = k * w + xi
            buffer = p * buffer + (1 - p) * gradient
            w -= eps * ((1 - nu[0]) * gradient + nu[0] * buffer)
        else:
            buffer = p * buffer - eps * (k * w + xi)
            w += buffer


def number(value):
    """Return a fraction as a number of 400 bits."""
    return mpmath.mpf(value.numerator) / value.denominator


def moduli(trace, determinant):
    """Return |λ₁| ≥ |λ₂| of λ² − Tλ + D = 0."""
    if trace**2 < 4 * determinant:
        return (mpmath.sqrt(number(determinant)),) * 2
    root = mpmath.sqrt(mpmath.mpc(number(trace**2 - 4 * determinant)))
    both = [abs(number(trace) + sign * root) / 2 for sign in (1, -1)]
    return max(both), min(both)


def spectral_radius(trace, determinant, _first):
    """Return max|λ|."""
    return moduli(trace, determinant)[0]


def rate(trace, determinant, _first):
    """Return −ln max|λ|."""
    rho = moduli(trace, determinant)[0]
    return -mpmath.log(rho) if rho else mpmath.inf


def regime(trace, determinant, _first):
    """Return the code, from exact signs."""
    ends = 1 - trace + determinant, 1 + trace + determinant, 1 - determinant
    if min(ends) < 0:
        return -1
    if min(ends) == 0:
        return 0
    square = trace**2 - 4 * determinant
    if square < 0:
        return 3
    if square == 0:
        return 2
    return 1 if trace > 0 else 4


def of_start(trace, determinant, first):
    """Return the motion of w_1ᵗ where w_1 is a root: the other has no part in it."""
    if first**2 - trace * first + determinant == 0:
        return first, Fraction(0), first
    return trace, determinant, first


def horizon(trace, determinant, first, level):
    """Return a step from which on |w_t| ≤ level for certain; None if ρ ≥ 1.

    |w_t| ≤ ρᵗ + |w_1 − λ| t ρᵗ⁻¹ for either root λ, which falls behind its peak.
    """
    rho = moduli(trace, determinant)[0]
    if rho >= 1:
        return None
    if rho == 0:
        return 2
    root = mpmath.sqrt(mpmath.mpc(number(trace**2 - 4 * determinant)))
    shift = abs(number(first) - (number(trace) + root) / 2) / rho
    slope = -mpmath.log(rho)
    t = 1 / slope + 2
    while rho**t * (1 + shift * t) > level:
        t += mpmath.log(rho**t * (1 + shift * t) / level) / slope + 1
    return int(mpmath.ceil(t)) + 1


def trajectory(trace, determinant, first, steps):
    """Yield |w_0|, |w_1|, …, |w_steps| in units of 2^−256, by whole numbers."""
    t, d, w = (int(x * 2**BITS) for x in (trace, determinant, first))
    last = 2**BITS
    yield last
    for _ in range(steps):
        yield abs(w)
        w, last = (t * w - d * last) >> BITS, w


def settling_time(trace, determinant, first, tol):
    """Return the step behind the last one with |w_t| > tol, by going there."""
    level = mpmath.mpf(float(tol))
    trace, determinant, first = of_start(trace, determinant, first)
    steps = horizon(trace, determinant, first, level)
    if steps is None:
        return mpmath.inf
    above, limit = -1, Fraction(float(tol)) * 2**BITS
    for t, w in enumerate(trajectory(trace, determinant, first, steps)):
        if w > limit:
            above = t
    return above + 1


def transient_peak(trace, determinant, first):
    """Return max |w_t|, by going there."""
    trace, determinant, first = of_start(trace, determinant, first)
    steps = horizon(trace, determinant, first, 1)
    if steps is None:
        return mpmath.inf
    return mpmath.mpf(max(trajectory(trace, determinant, first, steps))) / 2**BITS


def noise_variance(trace, determinant, response):
    """Return the variance that the responses w_1, w_2 to one ξ tell, as a fraction.

    The covariances c_0, c_1, c_2 of w with later ones solve the Yule-Walker equations.
    """
    if regime(trace, determinant, None) <= 0:
        return mpmath.inf
    now = response[0]
    before = response[1] - trace * now
    # c_1(1 + D) = T·c_0 + n₀n₁ and c_2 = T·c_1 − D·c_0, put into that of c_0
    kick = now * now + before * response[1]
    slope, shift = trace / (1 + determinant), now * before / (1 + determinant)
    c = trace - determinant * trace
    return (kick + c * shift) / (1 - c * slope - determinant**2)


def resonant_peak(trace, determinant, first):
    """Return max |w_t| of a complex pair near |λ| = 1, from phases of 80 bits.

    The envelope tells how far to look. A half turn is split, so that t times its upper
    part is exact in long doubles.
    """
    t, d, w = (number(x) for x in (trace, determinant, first))
    turn = mpmath.acos(t / (2 * mpmath.sqrt(d))) / mpmath.pi
    swing = (2 * w - t) / mpmath.sqrt(4 * d - t * t)
    size, phase = mpmath.hypot(1, swing), mpmath.atan(swing) / mpmath.pi
    fall = mpmath.log(d) / 2
    long = np.longdouble
    upper = mpmath.floor(turn * 2**30) / 2**30
    lower, log_r = long(mpmath.nstr(turn - upper, 30)), long(mpmath.nstr(fall, 30))
    at, highest = long(mpmath.nstr(phase, 30)), long(1)
    last = int(mpmath.log(size) / -fall) + 2
    for start in range(0, last, 2**18):
        steps = np.arange(start, min(start + 2**18, last)).astype(long)
        off = (steps * long(float(upper))) % 1 + steps * lower - at
        sizes = np.exp(steps * log_r) * abs(np.cos(long(PI) * (off - np.round(off))))
        highest = max(highest, sizes.max() * long(mpmath.nstr(size, 30)))
    return mpmath.mpf(str(highest))


def position(trace, determinant, first, t):
    """Return |w_t| at any t, by squaring the matrix of the recurrence."""
    matrix = mpmath.matrix([[number(trace), -number(determinant)], [1, 0]])
    power = matrix ** int(t)
    return abs(power[1, 0] * number(first) + power[1, 1])


def ulps(found, expected):
    """Return how many units in the last place of `expected` two numbers are apart."""
    if found == expected:
        return 0.0
    if not (mpmath.isfinite(expected) and mpmath.isfinite(found)):
        return mpmath.inf
    unit = mpmath.ldexp(1, max(mpmath.frexp(expected)[1] - 53, -1074))
    return float(abs(mpmath.mpf(found) - expected) / unit)
