"""From the history's stream to Slack through the deployed functions, a topic and a queue."""

import logging
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest

from chalicelib import telling
from chalicelib.errors import DeliveryError
from chalicelib.findings.deliveries import Deliveries
from chalicelib.model import Difference, Times, TransitionKind
from chalicelib.model.notice import Notice
from tests.integration.notify.account import SECRET, Account, record_of, records_of
from tests.integration.notify.world import NO_TLS, TOKEN, finding, text
from tests.unit.notify.told import transition
from vigil.local.faults import Effect, Fault
from vigil.local.moto_server import EmbeddedAws

OTHER_TOKEN = "xoxb-the-next-one"


def test_an_entry_reaches_slack(account: Account) -> None:
    notice = account.world.opened(finding(), finding(rule_id=NO_TLS))

    assert account.announce(*records_of(notice)) == {"published": 1}
    assert account.post() == [True]

    (message,) = account.world.slack.messages
    assert "CRITICAL" in text(message)


@pytest.mark.parametrize("event_name", ["MODIFY", "REMOVE"])
def test_only_new_entries_are_announced(account: Account, event_name: str) -> None:
    notice = account.world.opened(finding())

    assert account.announce(*records_of(notice, event_name)) == {"published": 0}
    assert account.published == []


def test_a_batch_delivered_twice_is_published_once(account: Account) -> None:
    notice = account.world.opened(finding())
    account.announce(*records_of(notice))

    assert account.announce(*records_of(notice)) == {"published": 0}
    assert len(account.published) == 1


def test_an_entry_that_cannot_be_read_stops_no_other(account: Account) -> None:
    good = record_of(account.world.opened(finding()).entries[0])
    bad = record_of(account.world.opened(finding("other")).entries[0])
    bad["dynamodb"]["NewImage"]["body"]["S"] = '{"kind": "from-the-future"}'

    with pytest.raises(DeliveryError, match="1 not announced"):
        account.announce(bad, good)

    assert len(account.published) == 1
    assert account.announce(good) == {"published": 0}


def test_a_topic_that_refuses_is_published_to_again(account: Account, aws: EmbeddedAws) -> None:
    notice = account.world.opened(finding())
    aws.faults.add(Fault(effect=Effect.DENIED, service="sns", times=1))
    with pytest.raises(DeliveryError, match="SNS answered"):
        account.announce(*records_of(notice))

    assert account.announce(*records_of(notice)) == {"published": 1}
    assert "Repeated" not in account.published[0]["email"]


def test_what_may_have_been_published_is_marked_when_it_is_published_again(
    account: Account,
) -> None:
    notice = account.world.opened(finding())
    announcing(account).claim(notice.entries[0].id, datetime.now(UTC))

    account.announce(*records_of(notice))

    assert account.published[0]["email"].startswith("Repeated: ")
    assert account.post() == [True]


def test_a_notice_announced_twice_is_posted_once(account: Account) -> None:
    notice = account.world.opened(finding())
    account.announce(*records_of(notice))
    forget(account, notice)
    account.announce(*records_of(notice))

    assert account.post() == [True, True]
    assert len(account.world.slack.messages) == 1


def test_a_notice_too_large_for_the_topic_is_read_from_the_history(account: Account) -> None:
    huge = Difference(pointer="/observed/X", before=None, after="x" * 300_000)
    notice = account.world.moved(TransitionKind.OPENED, finding(), differences=(huge,))

    account.announce(*records_of(notice))

    assert len(account.published[0]["default"]) < 1_000
    assert account.post() == [True]
    assert "CRITICAL" in text(account.world.slack.messages[0])


@pytest.mark.parametrize(
    ("refusal", "hidden_seconds"),
    [({"status": 429, "retry_after_seconds": 77}, 78), ({"status": 500}, 31)],
    ids=["429", "500"],
)
def test_a_refused_message_is_hidden_and_later_posted_once(
    account: Account, refusal: dict[str, int], hidden_seconds: int
) -> None:
    account.announce(*records_of(account.world.opened(finding())))
    account.world.slack.refuse_next(1, **refusal)
    started = monotonic()
    (message,) = account.received(account.queue)

    assert account.post_one(message) is False

    assert _is_hidden_for(hidden_seconds, account, started)
    account.show_again(message)
    assert account.post() == [True]
    assert len(account.world.slack.messages) == 1


def test_a_message_that_another_delivery_has_deleted_needs_no_hiding(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    account.announce(*records_of(account.world.opened(finding())))
    account.world.slack.refuse_next(1)
    (message,) = account.received(account.queue)
    account.delete(message)

    assert account.post_one(message) is False

    assert "message crashed" not in caplog.text


def test_a_message_that_is_refused_for_days_comes_less_and_less_often(account: Account) -> None:
    account.announce(*records_of(account.world.opened(finding())))
    account.world.slack.refuse_next(1, status=500)
    started = monotonic()
    (message,) = account.received(account.queue)
    message["Attributes"]["ApproximateReceiveCount"] = "500"

    account.post_one(message)

    assert _is_hidden_for(1500, account, started)


def _is_hidden_for(seconds: int, account: Account, started: float) -> bool:
    """Tell whether the message is hidden so long; counted from its receive."""
    late = monotonic() - started
    return seconds - 1.5 <= account.hidden_for_seconds() <= seconds + late + 1.5


def test_a_message_is_refused_for_longer_than_its_queue_keeps_it() -> None:
    waits = (telling.RETRY_GROWTH_SECONDS * n for n in range(1, 1_000))

    assert timedelta(seconds=sum(waits)) > timedelta(days=14)


def test_a_rotated_token_is_read_again_at_once(account: Account) -> None:
    account.announce(*records_of(account.world.opened(finding("one"))))
    account.post()
    account.world.slack.revoke(TOKEN)
    account.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=OTHER_TOKEN)
    account.announce(*records_of(account.world.opened(finding("two"))))
    (message,) = account.received(account.queue)
    assert account.post_one(message) is False
    account.show_again(message)

    assert account.post() == [True]
    assert len(account.world.slack.messages) == 2


def test_a_secret_may_lie_in_parameter_store(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssm = account.client("ssm")
    ssm.put_parameter(Name="/vigil/slack", Value=f"{TOKEN}\n", Type="SecureString", Overwrite=True)
    monkeypatch.setenv("VIGIL_SLACK_SECRET", "ssm:/vigil/slack")
    account.announce(*records_of(account.world.opened(finding())))

    assert account.post() == [True]


def test_a_webhook_may_be_the_secret(account: Account) -> None:
    account.client("secretsmanager").put_secret_value(
        SecretId=SECRET, SecretString=f"{account.world.url}/slack/webhook/T0/B0/x"
    )
    account.announce(*records_of(account.world.opened(finding())))

    assert account.post() == [True]
    assert account.world.slack.messages[0].channel == "webhook"


def test_a_secret_that_cannot_be_read_delays_the_message_and_claims_nothing(
    account: Account, aws: EmbeddedAws
) -> None:
    account.announce(*records_of(account.world.opened(finding())))
    (message,) = account.received(account.queue)
    aws.faults.add(Fault(effect=Effect.DENIED, service="secretsmanager", times=1))
    assert account.post_one(message) is False
    account.show_again(message)

    assert account.post() == [True]
    assert "repeated" not in text(account.world.slack.messages[0])


def test_the_secret_is_never_logged(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    account.announce(*records_of(account.world.opened(finding())))
    account.world.slack.revoke(TOKEN)
    (message,) = account.received(account.queue)
    with caplog.at_level(logging.INFO):
        account.post_one(message)
        account.world.slack.revoke()
        account.post_one(message)

    written = [repr(vars(record)) for record in caplog.records]
    assert any("token_revoked" in line for line in written)
    assert any("'delivered'" in line for line in written)
    assert not any(TOKEN in line for line in written)


def test_reannouncing_finds_what_the_stream_lost(account: Account) -> None:
    move_cursor(account, hours_ago=3)
    stored(account, "lost", ago=timedelta(hours=2))
    told = stored(account, "told", ago=timedelta(hours=2))
    account.announce(*records_of(told))

    assert account.reannounce() == {"published": 1}
    assert account.reannounce() == {"published": 0}
    assert len(account.published) == 2


def test_reannouncing_leaves_to_the_stream_what_is_still_on_its_way(account: Account) -> None:
    move_cursor(account, hours_ago=1)
    stored(account, "young", ago=timedelta(minutes=1))

    assert account.reannounce() == {"published": 0}


def test_an_outage_of_days_loses_nothing(account: Account) -> None:
    stored(account, "first", ago=timedelta(hours=30))
    move_cursor(account, hours_ago=31)
    stored(account, "last", ago=timedelta(hours=25))

    assert account.reannounce() == {"published": 2}


def test_the_first_run_looks_back_for_days(account: Account) -> None:
    stored(account, "of the day before", ago=timedelta(hours=40))

    assert account.reannounce() == {"published": 1}


def test_the_cursor_moves_past_what_is_complete(account: Account) -> None:
    move_cursor(account, hours_ago=5)
    account.reannounce()
    stored(account, "before the cursor", ago=timedelta(hours=4))

    assert account.reannounce() == {"published": 0}
    stored(account, "after it", ago=timedelta(minutes=5, seconds=1))
    assert account.reannounce() == {"published": 1}


def test_an_hour_with_a_failure_is_visited_again_and_stops_no_other(
    account: Account, aws: EmbeddedAws
) -> None:
    move_cursor(account, hours_ago=5)
    stored(account, "one", ago=timedelta(hours=4))
    stored(account, "two", ago=timedelta(hours=3))
    aws.faults.add(Fault(effect=Effect.DENIED, service="sns", times=1))
    with pytest.raises(DeliveryError, match="1 not announced"):
        account.reannounce()
    assert len(account.published) == 1

    assert account.reannounce() == {"published": 1}


def stored(account: Account, bucket: str, *, ago: timedelta) -> Notice:
    """Store a finding that was decided a while ago by the real clock."""
    decided = (datetime.now(UTC) - ago).replace(microsecond=0)
    times = Times(event=decided, received=decided, decided=decided)
    (notice,) = account.world.commit(transition(told=finding(bucket), times=times))
    return notice


def announcing(account: Account) -> Deliveries:
    return Deliveries(
        account.world.client, account.world.database.table("work"), "sns", timedelta(0)
    )


def forget(account: Account, notice: Notice) -> None:
    """Forget that a notice was announced, as a process does that dies before its receipt."""
    deliveries = announcing(account)
    for entry in notice.entries:
        key = deliveries._delivery_key(entry.id)
        account.world.client.delete_item(TableName=deliveries.table, Key=key)


def move_cursor(account: Account, *, hours_ago: int) -> None:
    hour = datetime.now(UTC) - timedelta(hours=hours_ago)
    account.world.client.put_item(
        TableName=account.world.database.table("work"),
        Item={**telling._CURSOR_KEY, "hour": {"S": hour.isoformat()}},
    )
