"""The configuration timeline: an entry wherever a resource is not as it was, and nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given as each_of
from hypothesis import settings
from hypothesis import strategies as st

from chalicelib.findings._items import entry_key
from chalicelib.findings.differences import DIFFERENCES_LIMIT, VALUE_LIMIT_BYTES
from chalicelib.findings.history import Entry, body_of, hash_of
from chalicelib.findings.recording import document_of, document_wanted, recorded
from chalicelib.findings.timeline import item_as_of, recordings
from chalicelib.model import (
    Commit,
    ConfigurationItem,
    ItemRef,
    Known,
    LookRequest,
    Reason,
    Sighting,
    Transition,
    TransitionKind,
)
from tests.unit.findings.deciding import decided, known_after
from tests.unit.findings.given import (
    RULE_ID,
    absent,
    at,
    change,
    closed,
    denied,
    evaluation,
    gap,
    item,
    opened,
    opening,
    request,
    sighting,
    tagging,
    touch,
)


@dataclass
class Memory:
    """A resource's history with a timeline, look by look."""

    known: Known = field(default_factory=Known)
    transitions: list[Transition] = field(default_factory=list)
    documents: dict[str, Any] = field(default_factory=dict)

    def look(self, seen: Sighting, asked: LookRequest | None = None) -> tuple[Transition, ...]:
        """Take a look and return what it writes into the history."""
        outcome = decided(self.known, seen, asked)
        if outcome.commit is None:
            return ()
        now = seen.ended_at + HALF
        document = document_wanted(outcome.commit, seen)
        kept = self._kept(document) if document is not None else None
        commit = recorded(outcome.commit, seen, asked or request(change()), kept, now=now)
        self.known = known_after(replace(outcome, commit=commit))
        self.transitions += commit.transitions
        return commit.transitions

    def entries(self) -> list[Entry]:
        """Return the history as a store would give it back."""
        return [
            Entry(
                pk=t.subject.ref.key,
                sk=entry_key(t),
                kind=t.kind,
                seq=t.seq,
                prev=t.prev,
                body=body_of(t),
            )
            for t in self.transitions
        ]

    def _kept(self, document: Any) -> ItemRef:
        body = msgspec.json.encode(document, order="sorted")
        self.documents[hash_of(body)] = msgspec.json.decode(body)
        return ItemRef(hash=hash_of(body), size=len(body))


HALF = at(0.5) - at(0)


def recorded_in(transitions: Sequence[Transition]) -> list[Transition]:
    return [t for t in transitions if t.kind is TransitionKind.RECORDED]


def other(number: int, start: float) -> Sighting:
    """A harmless look at one of many configurations."""
    properties = {"Open": False, "Colour": number}
    return closed(start, fingerprint=f"f-{number}", seen=item(properties))


def test_the_first_look_records_the_configuration_without_what_is_concluded() -> None:
    memory = Memory()
    seen = opened(0, seen=item({"Open": True}, derived={"Doors": []}, gaps=(gap("/observed/Key"),)))

    (entry,) = recorded_in(memory.look(seen, opening()))

    assert entry.item is not None
    assert memory.documents[entry.item.hash] == {
        "properties": {"Open": True},
        "observed": {},
        "gaps": [msgspec.to_builtins(gap("/observed/Key"))],
    }
    assert entry.differences == ()
    assert (entry.rule_id, entry.seq, entry.prev, entry.finding) == ("", 1, None, None)
    assert (entry.reason, entry.seen_by) == (Reason.CHANGE, "e-1")
    assert (entry.look_started_at, entry.look_ended_at) == (at(0), at(1))


def test_an_unchanged_configuration_is_not_recorded_again() -> None:
    memory = Memory()
    memory.look(closed(0))

    assert memory.look(closed(10)) == ()


def test_a_changed_one_is_recorded_with_what_was_and_is() -> None:
    memory = Memory()
    memory.look(closed(0))

    (entry,) = recorded_in(memory.look(opened(10)))

    (difference,) = entry.differences
    assert (difference.pointer, difference.before, difference.after) == (
        "/properties/Open",
        False,
        True,
    )


def test_differences_are_bounded_however_much_changes() -> None:
    memory = Memory()
    names = [f"Key{number}" for number in range(100)]
    memory.look(closed(0, seen=item(dict.fromkeys(names, "a"))))
    after = item(dict.fromkeys(names, "b" * 100_000))

    (entry,) = recorded_in(memory.look(opened(10, seen=after)))

    assert len(entry.differences) == DIFFERENCES_LIMIT
    assert all(len(str(d.after)) <= VALUE_LIMIT_BYTES for d in entry.differences)


def test_what_changes_by_itself_is_no_other_configuration() -> None:
    memory = Memory()
    memory.look(closed(0, seen=item({"Open": False}, observed={"LastUsed": 1})))

    assert memory.look(closed(10, seen=item({"Open": False}, observed={"LastUsed": 2}))) == ()


def test_a_finding_names_the_very_item_that_was_judged_also_where_none_is_recorded() -> None:
    memory = Memory()
    memory.look(closed(0, seen=item({"Open": False}, observed={"LastUsed": 1})))
    stale = sighting(
        evaluation(),
        start=10,
        fingerprint="f-closed",
        seen=item({"Open": False}, observed={"LastUsed": 2}),
    )

    (told,) = memory.look(stale, request(reason=Reason.TIME))

    assert told.rule_id == RULE_ID
    assert told.item is not None
    assert memory.documents[told.item.hash]["observed"] == {"LastUsed": 2}
    assert memory.look(closed(20))[0].kind is TransitionKind.RESOLVED


def test_a_resource_known_before_there_was_a_timeline_is_recorded_at_its_next_look() -> None:
    memory = Memory(known=known_after(decided(Known(), closed(0))))

    (entry,) = memory.look(closed(10))

    assert entry.kind is TransitionKind.RECORDED
    assert entry.item is not None


def test_what_is_deleted_is_recorded_as_gone_once() -> None:
    memory = Memory()
    memory.look(opened(0))
    deletion = request(change(), touch(deletes=True))

    resolved, gone = memory.look(absent(10), deletion)

    assert (resolved.kind, resolved.item) == (TransitionKind.RESOLVED, None)
    assert (gone.kind, gone.item) == (TransitionKind.RECORDED, None)
    assert (gone.reason, gone.differences) == (Reason.RESOURCE_DELETED, ())
    assert memory.look(absent(20), deletion) == ()


def test_what_never_was_does_not_go() -> None:
    memory = Memory()

    assert memory.look(absent(0), request(change(), touch(deletes=True))) == ()
    assert memory.look(absent(10)) == ()


def test_one_look_that_does_not_find_a_resource_changes_nothing_in_its_timeline() -> None:
    memory = Memory()
    memory.look(closed(0))

    assert memory.look(absent(10)) == ()
    assert memory.look(closed(20)) == ()
    assert memory.look(absent(30)) == ()
    assert recorded_in(memory.look(absent(40)))[0].item is None


def test_a_resource_made_anew_under_the_same_name_begins_where_the_old_one_ends() -> None:
    memory = Memory()
    memory.look(opened(0, seen=item(unique_id="old")))
    new = opened(10, seen=item({"Open": True, "Colour": "red"}, unique_id="new"))

    resolved, gone = memory.look(new)
    reopened, recorded_anew = memory.look(replace(new, started_at=at(12), ended_at=at(13)))

    assert (resolved.item, gone.item) == (None, None)
    assert gone.kind is TransitionKind.RECORDED
    assert reopened.item == recorded_anew.item is not None
    assert recorded_anew.differences == ()


def test_unreadable_parts_are_another_configuration_and_it_says_why() -> None:
    memory = Memory()
    memory.look(closed(0))

    (entry,) = recorded_in(memory.look(denied(10)))

    assert entry.item is not None
    assert memory.documents[entry.item.hash]["gaps"][0]["error"] == "AccessDenied"


def test_who_is_named_later_is_named_with_the_item_that_proves_it() -> None:
    memory = Memory()
    memory.look(opened(0), tagging())

    (named,) = memory.look(opened(0.5), opening("e-2"))

    assert named.kind is TransitionKind.ATTRIBUTED
    assert named.item == recorded_in(memory.transitions)[0].item


def test_without_a_look_nothing_is_wanted_and_nothing_added() -> None:
    commit = Commit(ref=item().ref, known=Known(), look=None)

    assert document_wanted(commit, opened(0)) is None
    assert recorded(commit, opened(0), request(), None, now=at(1)) is commit


def test_entries_of_one_look_have_keys_of_their_own() -> None:
    memory = Memory()
    memory.look(opened(0))
    first = recorded_in(memory.transitions)[0]
    gone = replace(first, item=None)

    keys = {entry_key(t) for t in (*memory.transitions, gone)}

    assert len(keys) == len(memory.transitions) + 1


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_equal_configurations_have_one_name_whatever_the_order_of_their_keys(
    order: tuple[str, str],
) -> None:
    memory = Memory()

    memory.look(closed(0, seen=item(dict.fromkeys(order, 1))))

    expected = b'{"gaps":[],"observed":{},"properties":{"a":1,"b":1}}'
    assert list(memory.documents) == [hash_of(expected)]


STATES = st.lists(st.sampled_from([0, 1, 2, None]), min_size=1, max_size=12)


@settings(max_examples=60)
@each_of(STATES)
def test_as_of_any_moment_the_item_is_the_one_that_was_seen_last(states: list[int | None]) -> None:
    memory = Memory()
    believed: list[ConfigurationItem | None] = []
    for number, state in enumerate(states):
        seen = absent(number * 1000) if state is None else other(state, number * 1000)
        memory.look(seen)
        look = memory.known.look
        certain = seen.item is not None or (look is not None and look.gone)
        believed.append(seen.item if certain else believed[-1] if believed else None)

    entries = memory.entries()

    for number, expected in enumerate(believed):
        ref = item_as_of(entries, at(number * 1000 + 900))
        found = memory.documents[ref.hash] if ref else None
        plain = msgspec.to_builtins(document_of(expected)) if expected else None
        assert found == (msgspec.json.decode(msgspec.json.encode(plain)) if plain else None)
    assert item_as_of(entries, at(-1)) is None
    shown = [r.item for r in recordings(entries)]
    assert all(a != b for a, b in pairwise(shown))


def test_compliance_alone_records_nothing() -> None:
    memory = Memory()
    memory.look(closed(0))

    moved = memory.look(
        sighting(evaluation(), start=10, fingerprint="f-closed", seen=item({"Open": False}))
    )

    assert [t.kind for t in moved] == [TransitionKind.OPENED]
