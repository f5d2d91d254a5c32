"""Random weather over random traffic, told by bot or webhook; the long version is slow."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.conftest import fresh
from tests.integration.notify.conftest import world_in
from tests.integration.notify.estate import Step
from tests.integration.notify.living import HOUR, assert_all_is_told, estate_in, live, spell
from tests.integration.notify.weather import Loss, Spell, limited, page, said
from vigil.local._call import Answer
from vigil.local.moto_server import EmbeddedAws

PATIENCE = timedelta(seconds=20)
#: What every way to Slack can meet, by name.
COMMON: dict[str, dict[str, Any]] = {
    "limited": {"answer": limited("20"), "retry_after": PATIENCE},
    "dropped": {"answer": None, "loss": Loss.DROPPED},
    "too late": {"answer": None, "loss": Loss.DONE_ANYWAY},
    "bad gateway": {"answer": page(502), "loss": Loss.DONE_ANYWAY},
    "unavailable": {"answer": page(503)},
    "a page": {"answer": page(200), "loss": Loss.DONE_ANYWAY},
}
BOTS = COMMON | {
    "denied": {"answer": said("token_revoked")},
    "unfit": {"answer": said("msg_blocks_too_long"), "rich_only": True},
}
WEBHOOKS = COMMON | {
    "denied": {"answer": Answer(status=404, body=b"no_service")},
    "unfit": {"answer": Answer(status=400, body=b"invalid_blocks"), "rich_only": True},
}
SPELLS = st.lists(
    st.tuples(
        st.integers(0, 900), st.integers(30, 200), st.sampled_from(list(BOTS)), st.integers(1, 3)
    ),
    max_size=4,
)
STEPS = st.lists(
    st.tuples(st.integers(3, 100), st.integers(0, 2), st.sampled_from(list(Step))),
    min_size=3,
    max_size=12,
)


def weather(of: list[tuple[int, int, str, int]], *, webhook: bool) -> list[Spell]:
    kinds = WEBHOOKS if webhook else BOTS
    return [
        spell(
            timedelta(seconds=begins),
            timedelta(seconds=lasts),
            every=every,
            **kinds[kind],
        )
        for begins, lasts, kind, every in of
    ]


def tell_through(
    aws: EmbeddedAws,
    database_url: str,
    spells: list[tuple[int, int, str, int]],
    steps: list[tuple[int, int, Step]],
    *,
    webhook: bool,
) -> None:
    traffic, at = {}, timedelta(0)
    for gap, bucket, step in steps:
        at += timedelta(seconds=gap)
        traffic[at] = (f"bucket-{bucket}", step)
    with pytest.MonkeyPatch.context() as patch:
        estate = estate_in(world_in(aws, fresh(database_url)), patch, webhook=webhook)
        estate.weather.spells = weather(spells, webhook=webhook)

        live(estate, traffic, until=HOUR * 2, every=HOUR)

        assert_all_is_told(estate)


def explored(count: int) -> settings:
    # Each example is an hour of its own tables; shrinking one would take minutes.
    return settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@explored(3)
@given(spells=SPELLS, steps=STEPS, webhook=st.booleans())
def test_in_any_weather_all_is_told(
    aws: EmbeddedAws,
    fast_database_url: str,
    spells: list[tuple[int, int, str, int]],
    steps: list[tuple[int, int, Step]],
    *,
    webhook: bool,
) -> None:
    tell_through(aws, fast_database_url, spells, steps, webhook=webhook)


@pytest.mark.slow
@explored(300)
@given(spells=SPELLS, steps=STEPS, webhook=st.booleans())
def test_in_any_weather_all_is_told_at_length(
    aws: EmbeddedAws,
    fast_database_url: str,
    spells: list[tuple[int, int, str, int]],
    steps: list[tuple[int, int, Step]],
    *,
    webhook: bool,
) -> None:
    tell_through(aws, fast_database_url, spells, steps, webhook=webhook)
