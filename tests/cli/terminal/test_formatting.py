"""Times and rates as people read them."""

import pytest

from critdamp.cli.terminal.formatting import duration, rate


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (99.94, "99.9 s"),
        (100, "1 min 40 s"),
        (5999, "99 min 59 s"),
        (5999.9, "1 h 40 min"),
        (8040, "2 h 14 min"),
        (360000, "4 d 4 h"),
        (1e9, "11,574 d 2 h"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0123, "0.0123 points/s"),
        (9.5, "9.5 points/s"),
        (2304, "2,300 points/s"),
        (999_900, "1,000,000 points/s"),
        (5.234e8, "523 M points/s"),
    ],
)
def test_rates(number, text):
    assert rate(number, "points") == text
