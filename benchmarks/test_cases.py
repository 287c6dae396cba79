"""Every case of `critdamp bench`, for pytest-benchmark: `make bench`.

The number in brackets behind a time is the ratio to the fastest of its group; a group
has a kernel at one size and on so many threads, its limit, and what people write.
Where nothing is measured, as in the tests, small sizes show that each case runs.
"""

import functools
from contextlib import ExitStack

import pytest

from critdamp.cli.benchmark.cases import all_cases

pytestmark = pytest.mark.slow

SMALL = 0.02


@functools.cache
def named(scale):
    """Return the cases by what tells one from the others."""
    return {
        (case.kernel, case.by, case.threads, number): case
        for number, case in enumerate(all_cases(scale))
    }


@pytest.mark.parametrize(
    "name", named(SMALL), ids=lambda name: "-".join(map(str, name))
)
def test_case(benchmark, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    case = named(SMALL if benchmark.disabled else 1.0)[name]
    benchmark.group = f"{case.kernel}, {case.size:,}, {case.threads} threads"
    with ExitStack() as stack:
        run = case.start(stack)
        benchmark.pedantic(run, rounds=5, warmup_rounds=1, iterations=1)
    if benchmark.stats:  # there are none while benchmarks are disabled
        rate = case.work / benchmark.stats.stats.min / 1e6
        benchmark.extra_info[f"million {case.unit} a second"] = round(rate, 1)
