"""Claims, threads and lookups, one by one."""

from datetime import timedelta

import pytest

from chalicelib.findings.deliveries import KEEP, Claim, Deliveries, Thread
from chalicelib.model.notice import short_id
from chalicelib.notify.slack import Lookup
from tests.integration.notify.world import CHANNEL, LEASE_IS_OVER, NOW, World, finding
from vigil.local._call import Answer, Call

ENTRY = "111122223333#eu-west-1#AWS::S3::Bucket#reports|2026-01-01#opened"
LATER = NOW + LEASE_IS_OVER


@pytest.fixture
def deliveries(world: World) -> Deliveries:
    return world.slacking().deliveries


def test_a_claim_keeps_others_away_until_its_lease_is_over(deliveries: Deliveries) -> None:
    assert deliveries.claim(ENTRY, NOW) is Claim.FRESH
    assert deliveries.claim(ENTRY, NOW) is Claim.HELD
    assert deliveries.claim(ENTRY, LATER) is Claim.INTERRUPTED


def test_a_receipt_ends_all_claiming(deliveries: Deliveries) -> None:
    deliveries.claim(ENTRY, NOW)
    deliveries.receipt(ENTRY, "ts", NOW)

    assert deliveries.claim(ENTRY, LATER) is Claim.DONE
    assert deliveries.is_delivered(ENTRY)


@pytest.mark.parametrize(("may_stand", "next_claim"), [(False, "fresh"), (True, "interrupted")])
def test_a_released_claim_is_free_at_once(
    deliveries: Deliveries, may_stand: bool, next_claim: str
) -> None:
    deliveries.claim(ENTRY, NOW)

    deliveries.release(ENTRY, NOW, may_stand=may_stand)

    assert deliveries.claim(ENTRY, NOW) == next_claim


@pytest.mark.parametrize("may_stand", [False, True])
def test_nobody_releases_what_somebody_else_claimed(
    deliveries: Deliveries, may_stand: bool
) -> None:
    deliveries.claim(ENTRY, NOW)
    deliveries.claim(ENTRY, LATER)

    deliveries.release(ENTRY, NOW, may_stand=may_stand)

    assert deliveries.claim(ENTRY, LATER) is Claim.HELD


def test_a_release_leaves_a_receipt_alone(deliveries: Deliveries) -> None:
    deliveries.claim(ENTRY, NOW)
    deliveries.receipt(ENTRY, "ts", NOW)

    deliveries.release(ENTRY, NOW, may_stand=False)

    assert deliveries.claim(ENTRY, NOW) is Claim.DONE


def test_without_a_lease_a_claim_tells_only_whether_somebody_began(world: World) -> None:
    deliveries = Deliveries(world.client, world.database.table("work"), "sns", timedelta(0))

    assert deliveries.claim(ENTRY, NOW) is Claim.FRESH
    assert deliveries.claim(ENTRY, NOW) is Claim.INTERRUPTED


def test_an_entrys_id_may_be_longer_than_a_key(deliveries: Deliveries) -> None:
    assert deliveries.claim("x" * 4_000, NOW) is Claim.FRESH


def test_channels_do_not_share_claims(world: World, deliveries: Deliveries) -> None:
    other = Deliveries(world.client, world.database.table("work"), "slack#C2")
    deliveries.claim(ENTRY, NOW)

    assert other.claim(ENTRY, NOW) is Claim.FRESH


def test_a_thread_remembers_the_newest_revision_only(deliveries: Deliveries) -> None:
    newer = Thread(timestamp="1.0", revision=3, told=("a#1", "b#1"))
    deliveries.remember_thread("f#1", newer)

    deliveries.remember_thread("f#1", Thread(timestamp="1.0", revision=2))

    assert deliveries.thread("f#1") == newer


def test_a_settled_thread_expires_and_an_open_one_stays(
    world: World, deliveries: Deliveries
) -> None:
    thread = Thread(timestamp="1.0", revision=1)
    deliveries.remember_thread("open", thread)
    deliveries.remember_thread("settled", thread, expires=NOW + KEEP)

    expiries = [deliveries.read(deliveries.key("thread", n)).get("expires") for n in THREADS]

    assert expiries == [None, {"N": str(int((NOW + KEEP).timestamp()))}]
    assert world.slack.messages == ()


THREADS = ("open", "settled")


def test_a_message_is_found_behind_hundreds_of_others(world: World) -> None:
    world.poster.post({"text": "wanted"}, ids=["first", ENTRY], thread=None)
    for number in range(450):
        world.slack._post(CHANNEL, {"text": str(number)})

    found = world.poster.find(ENTRY, thread=None, since=NOW)

    assert found.timestamp == world.slack.messages[0].ts
    assert found.ids == {short_id("first"), short_id(ENTRY)}


def test_only_messages_since_the_decision_are_searched(world: World) -> None:
    world.tell(world.opened(finding()))
    asked: list[str] = []
    slack = world.line.slack

    def note(call: Call) -> Answer:
        asked.append(call.body.decode())
        return slack(call)

    world.line.slack = note  # type: ignore[assignment] # a page is any callable

    assert world.poster.find(ENTRY, thread=None, since=LATER) == Lookup()
    assert f"oldest={int((LATER - timedelta(minutes=1)).timestamp())}" in asked[0]
