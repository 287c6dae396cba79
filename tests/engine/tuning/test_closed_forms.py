"""Closed forms of the best ε and p, against maps and golden values."""

import dataclasses

import numpy as np
import pytest

import critdamp as cd
from critdamp.engine.errors import InputError, SpectrumWarning


def test_polyaks_point():
    # κ = 100: ε = 4/121, p = 81/121, ρ = 9/11
    found = cd.polyak(1.0, 100.0)
    assert (found.eps, found.p) == pytest.approx((4 / 121, 81 / 121), rel=1e-15)
    assert found.spectral_radius == pytest.approx(9 / 11, rel=1e-15)
    # Goh's example, k = (.01, .1, 1)
    assert cd.polyak(0.01, 1.0).eps == pytest.approx((2 / 1.1) ** 2, rel=1e-15)
    # both ends are critically damped there
    radii = cd.spectral_radius(found.eps, found.p, [1.0, 100.0])
    assert radii == pytest.approx([9 / 11] * 2, rel=1e-7)
    for kmin, kmax in ((0, 1), (2, 1), (1, np.inf), (np.nan, 1)):
        with pytest.raises(InputError, match="0 < kmin"):
            cd.polyak(kmin, kmax)


def test_polyaks_point_at_the_ends_of_doubles():
    """By 400 bits."""
    assert cd.polyak(1, 1 + 2.0**-52).rate == pytest.approx(37.42994775, rel=1e-9)
    assert dataclasses.astuple(cd.polyak(1e308, 1e308)) == (1e-308, 0.0, 0.0, np.inf)
    assert cd.polyak(1e-300, 1e300).rate == pytest.approx(2e-300, rel=1e-15)
    with pytest.raises(InputError, match="above the largest double"):
        cd.polyak(5e-324, 5e-324)


@pytest.mark.parametrize(
    ("p", "radius"),
    # κ = 100, best ε at a fixed p: ε = 2(1+p)/(L+μ)
    [(0, 0.9801980198), (0.3, 0.9626022091), (0.5, 0.9362538079), (0.6, 0.9062420803)],
)
def test_golden_best_learning_rate_at_a_momentum(p, radius):
    ends = cd.spectral_radius(2 * (1 + p) / 101, p, [1.0, 100.0])
    assert ends.max() == pytest.approx(radius, rel=1e-9)


def test_golden_nesterov_tuned():
    # κ = 100: ε = 4/(3L+μ), p = (√(3κ+1)−2)/(√(3κ+1)+2)
    eps, p = 4 / 301, (np.sqrt(301) - 2) / (np.sqrt(301) + 2)
    assert (eps, p) == pytest.approx((0.0132890365, 0.7932747263), rel=1e-8)
    ends = cd.nesterov.spectral_radius(eps, p, [1.0, 100.0])
    # a double root, which a rounding of ε moves by the square root of that
    assert ends.max() == pytest.approx(0.8847219314, rel=1e-7)


def test_no_point_nearby_is_better_than_polyaks():
    best = cd.polyak(1.0, 100.0)
    factor = np.linspace(0.9, 1.1, 201)
    eps, p = np.meshgrid(best.eps * factor, np.minimum(best.p * factor, 0.99))
    ends = [cd.spectral_radius(eps, p, k) for k in (1.0, 100.0)]
    assert np.maximum(*ends).min() >= best.spectral_radius * (1 - 1e-7)


def test_critical_momentum():
    x = np.array([1e-6, 0.01, 0.25, 1.0, 2.25, 3.9])
    p = cd.critical_momentum(x / 2, 2.0)
    np.testing.assert_allclose(p, (1 - np.sqrt(x)) ** 2, rtol=1e-15)
    radius = cd.spectral_radius(x / 2, p, 2.0)
    np.testing.assert_allclose(radius, abs(1 - np.sqrt(x)), atol=3e-8)
    # no other momentum is better
    other = cd.spectral_radius(x[:, None], np.linspace(-0.99, 0.999, 2001), 1.0)
    assert (other.min(axis=1) >= radius - 3e-8).all()
    # (1 − √x)² at x = 1 + 2⁻⁵²
    assert cd.critical_momentum(1 + 2.0**-52, 1.0) == pytest.approx(
        2.0**-106, rel=1e-15
    )
    for eps, k in ((1.0, 4.0), (1.0, 0.0), (-1.0, 1.0)):
        with pytest.raises(InputError, match="between 0 and 4"):
            cd.critical_momentum(eps, k)
    with pytest.raises(InputError, match="k: nan given"):
        cd.critical_momentum(1.0, np.nan)


def test_a_spectrum_whose_ends_are_not_known_warns():
    sure = cd.Spectrum([1.0, 100.0])
    assert cd.polyak(sure) == cd.polyak(1.0, 100.0)
    unsure = cd.Spectrum([1.0, 100.0], residuals=[0.5, 2.0])
    with pytest.warns(SpectrumWarning) as warned:
        assert cd.polyak(unsure) == cd.polyak(1.0, 100.0)
    said = [str(one.message) for one in warned]
    assert ["kmin 1 has not" in said[0], "kmax 100 has not" in said[1]] == [True, True]
    dropped = cd.Spectrum([-1.0, 1.0, 2.0]).filtered(negative="drop")
    with pytest.warns(SpectrumWarning, match="negative modes left out: 1;"):
        cd.polyak(dropped)
    with pytest.raises(InputError, match="kmax: is needed"):
        cd.polyak(1.0)
