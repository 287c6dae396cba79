"""What the benchmarks share: a map, and what runs a function once before it counts."""

import pytest

import critdamp as cd


@pytest.fixture
def map_plan(benchmark):
    """Return what makes a plan of one quantity over side × side points at two k.

    Where nothing is measured, as in the tests, a few points do.
    """

    def make(quantity, side):
        side = 50 if benchmark.disabled else side
        return cd.Plan(
            quantities=[quantity],
            eps=cd.Axis.log(1e-3, 4, side),
            p=cd.Axis.lin(0, 0.999, side),
            k=[0.5, 1.0],
        )

    return make


@pytest.fixture
def measure(benchmark):
    """Return what measures a function; a first call, which may compile, is left out."""

    def run(function, *arguments, points, rounds=7):
        options = {"rounds": rounds, "warmup_rounds": 1, "iterations": 1}
        benchmark.pedantic(function, arguments, **options)
        if benchmark.stats:  # there are none while benchmarks are disabled
            rate = points / benchmark.stats.stats.min / 1e6
            benchmark.extra_info["million points a second"] = round(rate, 1)

    return run
