"""Loading in Lambda: everything is built, and the collector rests only meanwhile."""

import gc
from collections.abc import Iterator

import pytest

from chalicelib import loading


@pytest.fixture
def in_lambda(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("in_lambda")
def test_the_collector_rests_while_a_function_is_loaded() -> None:
    resting: list[bool] = []

    loading.begin()
    loading.finish(lambda: resting.append(not gc.isenabled()))

    assert resting == [True]
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_outside_lambda_nothing_is_built_and_the_collector_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_LAMBDA_RUNTIME_API", raising=False)
    built: list[bool] = []

    loading.begin()
    loading.finish(lambda: built.append(True))

    assert built == []
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
