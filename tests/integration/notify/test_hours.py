"""Telling over simulated hours: whatever the weather, nothing is lost and nothing is said twice."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from tests.integration.notify.estate import Estate, Step
from tests.integration.notify.hours import REANNOUNCE_EVERY, Outage
from tests.integration.notify.living import (
    AFTERWARDS,
    HOUR,
    MINUTE,
    Traffic,
    assert_all_is_mailed,
    assert_all_is_told,
    estate_in,
    live,
    spell,
)
from tests.integration.notify.watching import EVERY, Watch
from tests.integration.notify.weather import Loss, limited, page, said
from tests.integration.notify.world import NOW, TOKEN, World, text, texts
from vigil.local._call import Answer

STEPS = tuple(Step)
SPELL = timedelta(minutes=3)
NEW_TOKEN = "xoxb-the-next-one"
PATIENCE = {
    "short": ("1", timedelta(seconds=1)),
    "longer": ("77", timedelta(seconds=77)),
    "two hours": ("7200", timedelta(hours=2)),
    "beyond what SQS can hide": ("50000", timedelta(seconds=50_000)),
    "date": (format_datetime(NOW + 5 * MINUTE, usegmt=True), timedelta(minutes=5)),
    "missing": (None, None),
    "garbage": ("soon", None),
    "negative": ("-5", None),
    "absurd": ("9" * 400, timedelta(days=1)),
}
#: Told by the others in the default run.
AT_LENGTH = {"short", "two hours", "missing", "negative"}
#: What leaves open whether Slack took a message, and whether it did; the last is the Web API's.
UNSURE = (
    (None, Loss.DROPPED),
    (None, Loss.DONE_ANYWAY),
    (page(500), Loss.REFUSED),
    (page(502), Loss.DONE_ANYWAY),
    (page(503), Loss.DONE_ANYWAY),
    (page(200), Loss.REFUSED),
    (page(200), Loss.DONE_ANYWAY),
    (said("fatal_error"), Loss.DONE_ANYWAY),
)
CLOSED = ("invalid_auth", "account_inactive", "channel_not_found", "is_archived", "not_in_channel")
GONE = ((404, b"no_service"), (403, b"action_prohibited"), (410, b"channel_is_archived"))
UNFIT = ("msg_too_long", "msg_blocks_too_long", "invalid_blocks")


@pytest.fixture(params=[False, True], ids=["bot", "webhook"])
def either(request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch) -> Estate:
    return estate_in(world, monkeypatch, webhook=request.param)


@pytest.fixture
def estate(world: World, monkeypatch: pytest.MonkeyPatch) -> Estate:
    return estate_in(world, monkeypatch)


def each_hour(hours: int) -> Traffic:
    """Two things happen to a bucket at each hour's beginning."""
    return {
        HOUR * hour + MINUTE * minute: (f"bucket-{hour % 2}", STEPS[(hour + minute) % len(STEPS)])
        for hour in range(hours)
        for minute in (1, 2)
    }


def test_a_quiet_day_is_told_without_a_mark(either: Estate) -> None:
    live(either, each_hour(4), until=HOUR * 24, every=HOUR * 12)

    assert_all_is_told(either)
    assert_all_is_mailed(either)
    assert either.marked() == 0


@pytest.mark.parametrize(
    ("value", "patience"),
    [
        pytest.param(*value, id=name, marks=[pytest.mark.slow] if name in AT_LENGTH else [])
        for name, value in PATIENCE.items()
    ],
)
def test_the_channel_is_left_alone_for_as_long_as_slack_asked(
    estate: Estate, value: str | None, patience: timedelta | None
) -> None:
    answer = limited(value, now=NOW if value and "GMT" in value else None)
    estate.weather.spells = [spell(HOUR, SPELL, answer, retry_after=patience)]

    live(estate, each_hour(2), until=HOUR * 26, every=HOUR * 12)

    assert estate.weather.refused > 0
    assert_all_is_told(estate)


def test_an_answer_that_leaves_all_open_loses_nothing_and_doubles_nothing_unmarked(
    either: Estate,
) -> None:
    either.weather.spells = [
        spell(HOUR * hour, SPELL, answer, loss=loss)
        for hour, (answer, loss) in enumerate(UNSURE if either.is_bot else UNSURE[:-1])
    ]

    live(either, each_hour(len(UNSURE) + 1), until=HOUR * (len(UNSURE) + 2), every=HOUR * 3)

    assert either.weather.unsure >= len(either.weather.spells)
    assert_all_is_told(either)


def test_a_channel_that_is_closed_for_a_while_is_told_afterwards(estate: Estate) -> None:
    estate.weather.spells = [
        spell(HOUR * hour, SPELL, said(code)) for hour, code in enumerate(CLOSED)
    ]

    live(estate, each_hour(len(CLOSED)), until=HOUR * len(CLOSED) + AFTERWARDS, every=HOUR * 3)

    assert estate.weather.refused >= len(CLOSED)
    assert_all_is_told(estate)


def test_a_webhook_that_is_gone_is_told_through_its_successor(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate = estate_in(world, monkeypatch, webhook=True)
    estate.weather.spells = [
        spell(HOUR * hour, SPELL, Answer(status=status, body=body))
        for hour, (status, body) in enumerate(GONE)
    ]

    live(estate, each_hour(len(GONE)), until=HOUR * len(GONE) + AFTERWARDS, every=HOUR * 3)

    assert estate.weather.refused >= len(GONE)
    assert_all_is_told(estate)
    assert estate.marked() == 0


def test_what_a_revoked_token_held_up_flows_again_with_the_next(estate: Estate) -> None:
    revoke_for(estate, HOUR * 2)

    live(estate, each_hour(1), until=HOUR * 2 - MINUTE, every=HOUR * 2)
    assert len(estate.day.queue.messages) >= 2
    assert estate.world.slack.messages == ()
    live(estate, {}, until=HOUR * 2 + 10 * MINUTE)

    assert_all_is_told(estate)


def test_a_revoked_token_raises_an_alarm_within_two_hours(estate: Estate) -> None:
    watch = Watch(estate.day)
    revoke_for(estate, HOUR * 3)
    estate.day.every(EVERY, NOW + HOUR * 2, watch.sample)

    live(estate, {MINUTE: ("bucket", Step.TOGGLE)}, until=HOUR * 2, every=HOUR * 2)

    assert watch.ringing()


def test_a_day_of_ordinary_weather_raises_no_alarm(estate: Estate) -> None:
    watch = Watch(estate.day)
    estate.weather.spells = [
        spell(HOUR * hour, SPELL, page(503), loss=Loss.DONE_ANYWAY) for hour in range(3)
    ]
    estate.day.every(EVERY, NOW + HOUR * 4, watch.sample)

    live(estate, each_hour(3), until=HOUR * 4, every=HOUR * 2)

    assert watch.ringing() == set()


def revoke_for(estate: Estate, span: timedelta) -> None:
    """Revoke the token, and put another into the secret after a while."""
    estate.world.slack.revoke(TOKEN)

    def replace_token() -> None:
        estate.day.secrets.value = NEW_TOKEN

    estate.day.at(NOW + span, replace_token)


def test_what_slack_finds_too_much_is_told_in_short(either: Estate) -> None:
    answers = [said(e) if either.is_bot else Answer(status=400, body=e.encode()) for e in UNFIT]
    either.weather.spells = [
        spell(HOUR * hour, SPELL, answer, rich_only=True) for hour, answer in enumerate(answers)
    ]

    live(either, each_hour(3), until=HOUR * 4, every=HOUR * 2)

    assert_all_is_told(either)
    assert either.weather.refused >= len(UNFIT)
    assert any("shortened: Slack refused" in shown for shown in texts(either.world.messages))


def test_a_burst_in_bad_weather_is_told_in_messages_and_digests(either: Estate) -> None:
    either.weather.spells = [
        spell(timedelta(seconds=8), SPELL, limited("9"), every=3, retry_after=timedelta(seconds=9)),
        spell(timedelta(0), SPELL, page(502), loss=Loss.DONE_ANYWAY, every=4),
    ]
    burst = {timedelta(seconds=2 * n): (f"bucket-{n}", Step.TOGGLE) for n in range(14)}

    live(either, burst, until=HOUR, every=HOUR * 2)

    assert either.untold() == []
    assert either.weather.impatient == []
    assert either.day.queue.leftovers == []
    assert either.marked() <= either.weather.unsure
    shown = "\n".join(text(m) for m in either.world.slack.messages)
    assert [n for n in range(14) if f"of bucket-{n}," not in shown] == []
    assert any("more in the last minute" in one for one in texts(either.world.messages))


def test_what_outlived_the_stream_is_announced_once(estate: Estate) -> None:
    nothing_runs = Outage(begins=NOW + HOUR, ends=NOW + HOUR * 31)
    estate.day.stream.outages = [nothing_runs]
    estate.day.schedule_outages = [nothing_runs]
    traffic = {
        HOUR * hour + MINUTE: (f"bucket-{hour % 4}", STEPS[hour % 4]) for hour in range(0, 32, 4)
    }
    estate.day.at(nothing_runs.ends, estate.day.stream.read)

    live(estate, traffic, until=HOUR * 32, every=HOUR + REANNOUNCE_EVERY)

    assert estate.day.stream.forgotten > 0
    assert_all_is_told(estate)
    assert_all_is_mailed(estate)


def test_what_the_stream_does_not_bring_is_told_within_twenty_minutes(estate: Estate) -> None:
    estate.day.stream.outages = [Outage(begins=NOW, ends=NOW + HOUR * 3)]
    traffic = {MINUTE * (1 + 17 * n): (f"bucket-{n}", Step.TOGGLE) for n in range(8)}

    live(estate, traffic, until=HOUR * 2 + AFTERWARDS, every=REANNOUNCE_EVERY)

    assert_all_is_mailed(estate)
    slowest = max(late for late in estate.lateness())
    assert MINUTE < slowest <= 20 * MINUTE


@pytest.mark.parametrize(
    ("code", "status", "stands"),
    [
        pytest.param("ThrottledException", 400, False, id="throttled", marks=pytest.mark.slow),
        pytest.param("KMSAccessDenied", 400, False, id="KMS denied"),
        pytest.param("AuthorizationError", 403, False, id="denied", marks=pytest.mark.slow),
        pytest.param("InternalError", 500, False, id="500", marks=pytest.mark.slow),
        pytest.param("InternalError", 500, True, id="500, published anyway"),
    ],
)
def test_a_topic_that_refuses_for_hours_is_told_everything_afterwards(
    estate: Estate, code: str, status: int, *, stands: bool
) -> None:
    closed = Outage(
        begins=NOW, ends=NOW + HOUR + 5 * MINUTE, code=code, status=status, stands=stands
    )
    estate.day.topic.outages = [closed]

    live(estate, each_hour(2), until=HOUR * 2, every=REANNOUNCE_EVERY)

    assert estate.day.stream.given_up > 0
    assert estate.day.errors
    assert_all_is_told(estate)
    assert_all_is_mailed(estate, marked_too=stands)
