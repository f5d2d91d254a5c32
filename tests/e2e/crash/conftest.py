"""One AWS and one server of processes for all runs."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.crash.account import Account, an_account

pytest.register_assert_rewrite("tests.e2e.crash.runs")


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    # A socket's path must be short.
    with tempfile.TemporaryDirectory() as folder, an_account(Path(folder)) as made:
        yield made
        lines = made.workers.log.read_text().splitlines()
        assert not [line for line in lines if "message crashed" in line]
        assert not made.aws.crashes
