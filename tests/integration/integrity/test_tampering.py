"""What is done to the history behind Vigil's back is sealed, found and told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from chalicelib.findings.integrity import Mark
from chalicelib.model import Finding, Status
from tests.integration.integrity.conftest import World
from tests.integration.integrity.test_seal import flip
from tests.unit.findings.given import REF, T0

ALTERED, RECOUNT = "vigil-history-altered", "vigil-history-recount"


def entry(world: World, number: int = 0) -> dict[str, Any]:
    answer = world.dynamodb.query(
        TableName=world.database.table("history"),
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": REF.key}},
    )
    return dict(answer["Items"][number])


def finding(world: World, rule_id: str) -> Finding | None:
    return world.store.finding(world.sealing().subject.ref, rule_id)


def alter(world: World) -> None:
    item = entry(world)
    world.tamper({**item, "body": {"S": item["body"]["S"].replace("front", "back")}})


def remove(world: World) -> None:
    key = {name: entry(world)[name] for name in ("pk", "sk")}
    world.dynamodb.delete_item(TableName=world.database.table("history"), Key=key)


def forge(world: World) -> None:
    item = entry(world)
    world.tamper({**item, "sk": {"S": "2026-01-01T13:00:00.000Z#door-closed#00000009#opened"}})


def garbage(world: World) -> None:
    world.tamper({"pk": {"S": "nothing"}, "sk": {"S": "of ours"}, "body": {"N": "1"}})


def marks(world: World) -> list[dict[str, Any]]:
    lines = (x for _, data in world.archive.parts() for x in data.splitlines())
    return [said for x in lines if "body" not in (said := msgspec.json.decode(x))]


@pytest.mark.parametrize(
    ("strike", "mark", "word"),
    [
        (alter, Mark.ALTERED, "was changed"),
        (remove, Mark.REMOVED, "was removed"),
        (forge, Mark.UNFIT, "was put in by somebody else"),
        (garbage, Mark.UNFIT, "was put in by somebody else"),
    ],
    ids=["altered", "removed", "forged", "garbage"],
)
def test_whatever_others_do_to_the_history_is_sealed_and_a_critical_finding(
    world: World, strike: Callable[[World], None], mark: Mark, word: str
) -> None:
    sealing = world.sealing()
    sealing.stream(world.happened(flip(world, 0)))
    strike(world)

    sealing.stream(world.stream())

    (sealed,) = marks(world)
    assert sealed["kind"] == mark
    found = finding(world, ALTERED)
    assert found is not None
    assert (found.status, found.severity.value, found.episode) == (Status.OPEN, "critical", 1)
    assert word in found.message
    assert f"{sealed['pk']}|{sealed['sk']}" in found.message
    # The finding itself is history, sealed like everything else.
    sealing.stream(world.stream())
    assert [e.transition.rule_id for e in world.archive.entries()] == ["door-closed", ALTERED]


def test_an_alteration_is_told_once_however_often_it_is_delivered(world: World) -> None:
    sealing = world.sealing()
    sealing.stream(world.happened(flip(world, 0)))
    alter(world)
    records = world.stream()

    for _ in range(3):
        sealing.stream(records)

    found = finding(world, ALTERED)
    assert found is not None
    assert found.revision == 1
    assert len(marks(world)) == 3


def test_a_second_alteration_is_told_beside_the_first(world: World) -> None:
    sealing = world.sealing()
    sealing.stream(world.happened(flip(world, 0)))
    sealing.stream(world.happened(flip(world, 10)))
    alter(world)
    sealing.stream(world.stream())
    remove(world)

    sealing.stream(world.stream())

    found = finding(world, ALTERED)
    assert found is not None
    assert (found.revision, len(found.evidence)) == (2, 2)


def counted(world: World, **span: float) -> Finding | None:
    world.clock.wait(**span)
    sealing = world.sealing()
    sealing.count()
    while records := world.stream():
        sealing.stream(records)
    return finding(world, RECOUNT)


def sealed(world: World, number: int = 0) -> None:
    world.sealing().stream(world.happened(flip(world, 10 * number)))


def test_a_history_that_is_as_it_was_sealed_opens_nothing(world: World) -> None:
    sealed(world)

    assert counted(world, hours=2) is None


def test_what_was_never_sealed_is_told_once_it_is_old_enough(world: World) -> None:
    sealed(world)
    world.happened(flip(world, 10))  # the seal never hears of it

    assert counted(world, minutes=5) is None
    found = counted(world, minutes=30)

    assert found is not None
    assert "2026-01-01T12: 2 entries in the history, 1 in the seal" in found.message


@pytest.mark.parametrize("strike", [alter, remove], ids=["altered", "removed"])
def test_what_the_stream_never_told_is_found_by_counting(
    world: World, strike: Callable[[World], None]
) -> None:
    sealed(world)
    strike(world)
    world.stream()  # somebody keeps it from the seal

    found = counted(world, hours=2)

    assert found is not None
    assert found.status is Status.OPEN
    assert found.severity.value == "critical"


def test_it_is_told_until_both_agree_again(world: World) -> None:
    sealed(world)
    kept = entry(world)
    remove(world)
    first = counted(world, hours=2)
    again = counted(world, hours=1)
    assert first == again

    world.tamper(kept)
    world.stream()
    settled = counted(world, hours=1)

    assert settled is not None
    assert settled.status is Status.RESOLVED


def test_hours_are_counted_once_and_only_what_was_sealed_since_is_read(world: World) -> None:
    sealed(world)
    counted(world, hours=2)
    world.clock.instant = T0 + timedelta(hours=6)
    read = []
    sealing = world.sealing()
    client = sealing.recount.archive.s3
    client.meta.events.register(
        "before-call.s3.GetObject", lambda params, **_: read.append(params["url_path"])
    )

    sealing.count()

    assert not [path for path in read if "segments" in path]


def test_a_backlog_is_worked_off_over_some_runs(world: World) -> None:
    sealed(world)
    world.happened(flip(world, 10))
    world.clock.instant = T0 + timedelta(hours=5, minutes=30)
    sealing = world.sealing()
    slow = replace(sealing, recount=replace(sealing.recount, hours_at_once=2))

    wrong, reached = [], []
    for _ in range(4):
        wrong.append(slow.count())
        cursor = slow.recount._cursor()
        assert cursor is not None
        reached.append(cursor.hour[-2:])

    # An hour that did not agree is counted again every time.
    assert wrong == [1, 1, 1, 1]
    assert reached == ["14", "16", "17", "17"]
