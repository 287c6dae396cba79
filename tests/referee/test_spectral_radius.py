"""ρ within 2 ulp and the rate to 1e−14, at many points and where sums cancel."""

import corners
import numpy as np
import oracle
import pytest

import critdamp as cd

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("method", oracle.METHODS)
def test_spectral_radius_and_rate(method, counts):
    many = corners.share("SPECTRAL_RADII", 1_600, 15_000)
    points = corners.points(method, many, 21)
    arrays = np.array(points).T
    radii = getattr(cd, method).spectral_radius(*arrays).tolist()
    rates = getattr(cd, method).rate(*arrays).tolist()
    wrong = []
    for point, radius, rate in zip(points, radii, rates, strict=True):
        motion = oracle.exact(method, *point)
        if oracle.ulps(radius, oracle.spectral_radius(*motion)) > 2:
            wrong.append((point, "spectral_radius", radius))
        right = oracle.rate(*motion)
        if rate != right and not abs(rate - right) <= 1e-14 * abs(right):
            wrong.append((point, "rate", rate))
    counts("spectral radii and rates", len(points))
    counts("spectral radii and rates, wrong", len(wrong))
    assert not wrong
