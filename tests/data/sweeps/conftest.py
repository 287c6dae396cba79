"""What has processes do things at once."""

import json
from pathlib import Path

import pytest
import race_child
import shims

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Return what has orders done at once, and returns how each one ended."""
    folder = tmp_path_factory.mktemp("shim")
    process = shims.preloaded(HERE / "refuser.c", folder, race_child.__file__)

    def ask(orders):
        print(json.dumps(orders), file=process.stdin, flush=True)
        return json.loads(process.stdout.readline())

    with process:
        yield ask
        process.stdin.close()
