"""Sealed entries by finding: each once, in order, and only what a query wants."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from chalicelib.export.spool import Spool
from chalicelib.findings.history import body_of, hash_of
from chalicelib.model import (
    Act,
    Exemption,
    Finding,
    Reason,
    ResourceRef,
    Status,
    Subject,
    Times,
    Transition,
    TransitionKind,
)
from chalicelib.model.export import ExportQuery, SealedEntry
from tests.unit.export.given import (
    ACCOUNT,
    BOB,
    END,
    EXEMPTION,
    START,
    at,
    detected,
    population,
    sealed,
)
from tests.unit.export.seals import entries_of, estate, keyed, parts_of, spooled

GIVEN = tuple(estate(population()))


def query(**overrides: object) -> ExportQuery:
    fields: dict[str, object] = {"start": START, "end": END, "format": "jsonl"}
    return ExportQuery(**{**fields, **overrides})  # type: ignore[arg-type] # a table of fields


def never(_finding: Finding) -> Exemption | None:
    return None


def ids_in(spool: Spool, wanted: ExportQuery) -> list[str]:
    spool.settle(wanted)
    return [exported.finding.id[:1] for exported in spool.findings(never)]


def test_findings_come_oldest_id_first_with_their_whole_history(tmp_path: Path) -> None:
    with spooled(tmp_path, entries_of(GIVEN)) as spool:
        spool.settle(query())
        found = list(spool.findings(never))

    assert [one.finding for one in found] == [one.finding for one in GIVEN]
    assert [[e.body for e in one.entries] for one in found] == [
        [e.body for e in one.entries] for one in GIVEN
    ]
    assert spool.count == len(GIVEN)


def test_what_was_sealed_twice_is_there_once(tmp_path: Path) -> None:
    entries = entries_of(GIVEN)

    with spooled(tmp_path, [*entries, *entries]) as spool:
        spool.settle(query())
        found = [entry for one in spool.findings(never) for entry in one.entries]

    assert len(found) == len(entries)
    assert not spool.contradictions


def test_of_two_entries_under_one_key_the_first_counts_and_the_other_is_named(
    tmp_path: Path,
) -> None:
    entries = entries_of(GIVEN)
    first = entries[0]
    told = first.transition.finding
    assert told is not None
    body = body_of(replace(first.transition, finding=replace(told, message="nothing happened")))
    forged = replace(first, body=body, hash=hash_of(body))

    with spooled(tmp_path, [*entries, forged]) as spool:
        spool.settle(query())
        messages = {one.finding.message for one in spool.findings(never)}

    assert spool.contradictions == (f"{first.pk}|{first.sk}",)
    assert "nothing happened" not in messages


def test_a_finding_is_told_as_it_was_at_the_windows_end(tmp_path: Path) -> None:
    with spooled(tmp_path, entries_of(GIVEN)) as spool:
        spool.settle(query(end=at(61)))
        twice_fixed = next(f for f in spool.findings(never) if f.finding.id[0] == "c")

    assert twice_fixed.finding.status is Status.RESOLVED
    assert twice_fixed.finding.resolved_at == at(60)
    assert [entry.seq for entry in twice_fixed.entries] == [1, 2]
    assert twice_fixed.finding.head == twice_fixed.entries[-1].hash


def test_what_happens_as_the_window_ends_is_outside_of_it(tmp_path: Path) -> None:
    with spooled(tmp_path, entries_of(GIVEN)) as spool:
        spool.settle(query(end=at(60)))
        (role,) = (f for f in spool.findings(never) if f.finding.id[0] == "c")

    assert role.finding.status is Status.OPEN
    assert len(role.entries) == 1


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param(query(), "abcde", id="all of it"),
        pytest.param(query(accounts=(ACCOUNT,)), "abce", id="one account"),
        pytest.param(query(rule_ids=("iam-role-no-admin",)), "c", id="one rule"),
        pytest.param(query(start=at(20)), "abce", id="begun after one was settled"),
        pytest.param(query(start=at(70), end=at(90)), "abe", id="between two episodes"),
        pytest.param(query(end=at(0.2)), "", id="ended before anything opened"),
    ],
)
def test_a_query_gets_what_was_open_within_its_window_and_scope(
    tmp_path: Path, wanted: ExportQuery, expected: str
) -> None:
    with spooled(tmp_path, entries_of(GIVEN)) as spool:
        assert "".join(ids_in(spool, wanted)) == expected


def test_detections_come_in_order_of_time_within_window_and_scope(tmp_path: Path) -> None:
    early, late = keyed(detected()), detection_at(at(50))

    with spooled(tmp_path, [late, early, *entries_of(GIVEN)]) as spool:
        spool.settle(query())
        everything = list(spool.detections(query()))
        later = list(spool.detections(query(start=at(6))))
        other_rule = list(spool.detections(query(rule_ids=("another",))))

    assert [e.body for e in everything] == [early.body, late.body]
    assert [e.body for e in later] == [late.body]
    assert not other_rule


def test_exemptions_are_told_as_they_were_at_the_windows_end(tmp_path: Path) -> None:
    asked = exemption_entry(EXEMPTION, TransitionKind.EXEMPTION_REQUESTED, at(60), 1)
    granted = exemption_entry(EXEMPTION, TransitionKind.EXEMPTION_APPROVED, at(90), 2)

    with spooled(tmp_path, [granted, asked]) as spool:
        spool.settle(query(end=at(90)))
        (before,) = spool.chains("exemption")
    (tmp_path / "spool.db").unlink()
    with spooled(tmp_path, [asked, granted]) as spool:
        spool.settle(query())
        (after,) = spool.chains("exemption")

    assert before.last.kind is TransitionKind.EXEMPTION_REQUESTED
    assert [entry.kind for entry in after.entries] == [
        "exemption-requested",
        "exemption-approved",
    ]


@pytest.mark.parametrize(
    ("signed", "last"),
    [
        pytest.param((), 2, id="none signed: the part of the window's last entry"),
        pytest.param((1,), 2, id="only an earlier one signed"),
        pytest.param((1, 3), 3, id="the first signed one from there on"),
        pytest.param((2, 3), 2, id="signed itself"),
    ],
)
def test_an_export_needs_no_more_of_the_seal_than_proves_it(
    tmp_path: Path, signed: tuple[int, ...], last: int
) -> None:
    entries = entries_of(GIVEN)
    cut = entries[5].transition.times.decided

    with spooled(tmp_path, entries, size=4) as spool:
        assert spool.settle(query(end=replace_ms(cut)), signed) == last


def test_parts_are_given_back_byte_for_byte(tmp_path: Path) -> None:
    entries = entries_of(GIVEN)
    sealed_parts = list(parts_of(entries))

    with spooled(tmp_path, entries) as spool:
        given = list(spool.parts(2))

    assert given == [(part.raw, part.lines) for part in sealed_parts[:2]]


def test_an_empty_seal_has_no_last_part(tmp_path: Path) -> None:
    with spooled(tmp_path, []) as spool:
        assert spool.settle(query()) == 0


def detection_at(instant: datetime) -> SealedEntry:
    entry = detected()
    times = replace(entry.transition.times, decided=instant)
    return keyed(sealed(replace(entry.transition, times=times)))


def exemption_entry(
    exemption: Exemption, kind: TransitionKind, decided: datetime, seq: int
) -> SealedEntry:
    ref = ResourceRef(account_id=ACCOUNT, region="global", type="Vigil::Exemption", id=exemption.id)
    written = Transition(
        kind=kind,
        reason=Reason.PERSON,
        account_id=ACCOUNT,
        subject=Subject(ref=ref),
        rule_id=exemption.id,
        seq=seq,
        prev=None,
        times=Times(event=None, received=None, decided=decided),
        exemption=exemption,
        act=Act(by=BOB),
    )
    return keyed(sealed(written))


def replace_ms(instant: datetime) -> datetime:
    """Return the end of a window that holds an instant as its last one."""
    return instant.replace(microsecond=instant.microsecond + 1_000)
