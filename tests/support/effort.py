"""How much a test tries: little in `make test`, more in `make test-all` and torture."""

import os


def number(name, short, long):
    """Return how many, or how long: short, or long where CRITDAMP_TEST_ALL is set.

    CRITDAMP_TEST_NAME overrides both.
    """
    given = os.environ.get(f"CRITDAMP_TEST_{name}")
    if given is not None:
        return type(short)(given)
    return long if os.environ.get("CRITDAMP_TEST_ALL") else short
