"""Records of the stream as they come, and worse: each becomes a line, none stops the others."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from chalicelib.findings._images import batch_from, misfit
from chalicelib.findings._items import item_of_entry
from chalicelib.findings.history import body_of
from chalicelib.findings.integrity import Mark, entry_from_line
from chalicelib.findings.lifecycle import reconcile, transition_of_summary
from chalicelib.model import Known, Summary, Sweep, Transition
from tests.unit.findings.given import RULES, T0, at, opened, request

OUTCOME = reconcile(Known(), opened(), request(), RULES, now=at(1))
assert OUTCOME.commit is not None
(TRANSITION,) = OUTCOME.commit.transitions
IMAGE = item_of_entry(TRANSITION)


def record(name: str, **images: Any) -> dict[str, Any]:
    image = images.get("NewImage") or images.get("OldImage") or {}
    keys = {part: image.get(part, {"S": "?"}) for part in ("pk", "sk")}
    return {"eventName": name, "eventID": "e-1", "dynamodb": {"Keys": keys, **images}}


def summary() -> Transition:
    sweep = Sweep(
        id="s", account_id="111122223333", started_at=T0, bundle="b", first=True, since=None
    )
    told = Summary(sweep_id="s", bundle="b", first=True, counts=())
    return transition_of_summary(told, sweep, now=at(90))


@pytest.mark.parametrize("transition", [TRANSITION, summary()], ids=["opened", "summarised"])
def test_what_vigil_writes_is_sealed_as_it_is(transition: Transition) -> None:
    batch = batch_from([record("INSERT", NewImage=item_of_entry(transition))])

    (line,) = batch.lines
    entry = entry_from_line(line.raw)
    assert batch.alterations == ()
    assert entry is not None
    assert entry.body == body_of(transition)
    assert (entry.kind, entry.seq) == (transition.kind.value, transition.seq)
    assert line.hour == "2026-01-01T12"


def with_(**attributes: Any) -> dict[str, Any]:
    return {k: v for k, v in {**IMAGE, **attributes}.items() if v is not None}


OTHER_BODY = body_of(replace(TRANSITION, seen_by="somebody else")).decode()


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (with_(body={"S": OTHER_BODY}), "its hash is not that of its body"),
        (with_(hash={"S": "0" * 64}), "its hash is not that of its body"),
        (with_(seq={"N": "2"}), "its attributes are not those of its body"),
        (with_(kind={"S": "resolved"}), "its attributes are not those of its body"),
        (with_(prev={"S": "0" * 64}), "its attributes are not those of its body"),
        (with_(pk={"S": "111122223333#eu-west-1#Test::Door#back"}), "its attributes are not"),
        (with_(sk={"S": "2026-01-01T12:00:09.000Z#door-closed#00000001#opened"}), "its key is"),
        (with_(sk={"S": "2026-01-01T12:00:01.000Z#door-closed#00000002#opened"}), "its key is"),
        (with_(body=None), "it is no history entry"),
        (with_(body={"N": "1"}), "it is no history entry"),
        (with_(body={"S": "{}"}), "it is no history entry"),
        (with_(seq={"N": "one"}), "it is no history entry"),
        (with_(seq={}), "it is no history entry"),
        ({}, "it is no history entry"),
    ],
    ids=[
        *("another body", "another hash", "another number", "another kind", "another past"),
        *("another resource", "another time", "another number in the key", "no body"),
        *("a number as body", "an empty body", "no number", "an empty number", "nothing at all"),
    ],
)
def test_what_was_put_in_by_somebody_else_is_kept_and_told(image: dict[str, Any], why: str) -> None:
    batch = batch_from([record("INSERT", NewImage=image), record("INSERT", NewImage=IMAGE)])

    forged, genuine = batch.lines
    (alteration,) = batch.alterations
    assert why in (alteration.why or "")
    assert (forged.kind, forged.hour, genuine.kind) == (Mark.UNFIT, None, "opened")
    kept = msgspec.json.decode(msgspec.json.decode(forged.raw)["image"])
    assert kept == image
    assert entry_from_line(forged.raw) is None


def test_a_change_is_sealed_with_both_hashes() -> None:
    changed = with_(body={"S": OTHER_BODY}, account={"S": "444455556666"})

    batch = batch_from([record("MODIFY", OldImage=IMAGE, NewImage=changed)])

    (alteration,) = batch.alterations
    said = msgspec.json.decode(batch.lines[0].raw)
    assert alteration.mark is Mark.ALTERED
    assert alteration.old == IMAGE["hash"]["S"]
    assert alteration.new not in (alteration.old, None)
    assert alteration.changed == ("account", "body")
    assert (said["old"], said["new"], said["kind"]) == (alteration.old, alteration.new, "altered")


def test_a_removal_is_sealed_with_the_hash_of_what_is_gone() -> None:
    batch = batch_from([record("REMOVE", OldImage=IMAGE)])

    (alteration,) = batch.alterations
    assert (alteration.mark, alteration.old, alteration.new) == (
        Mark.REMOVED,
        IMAGE["hash"]["S"],
        None,
    )


def test_a_stream_that_lost_its_images_still_tells() -> None:
    """Somebody who changes the stream's view would otherwise change the history unseen."""
    bare = [{**record(name), "dynamodb": {"Keys": IMAGE_KEYS}} for name in NAMES]

    batch = batch_from(bare)

    assert [a.mark for a in batch.alterations] == [Mark.UNFIT, Mark.ALTERED, Mark.REMOVED]


NAMES = ("INSERT", "MODIFY", "REMOVE")
IMAGE_KEYS = {part: IMAGE[part] for part in ("pk", "sk")}
#: What DynamoDB can hold: a string is always one, and so is a number.
VALUES = st.one_of(
    st.text(max_size=9).map(lambda text: {"S": text}),
    st.integers().map(lambda number: {"N": str(number)}),
    st.just({"NULL": True}),
    st.just({"M": {"body": {"S": "{}"}}}),
    st.just({"L": []}),
)


@drawn(name=st.sampled_from(sorted(IMAGE.keys() - {"pk", "sk"})), value=VALUES)
def test_no_attribute_makes_it_stumble(name: str, value: Any) -> None:
    image = with_(**{name: value})

    assert misfit(image) is None or batch_from([record("INSERT", NewImage=image)]).alterations
