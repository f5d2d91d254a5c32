"""The look item that an accepted look leaves behind.

It is the memory of the resource, not only a lock: verdicts, companions, the item as it was.
A look that could not read everything must not forget what an earlier one knew.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from chalicelib.findings._case import Case
from chalicelib.findings.confirming import ABSENCE_RECHECK, due_at
from chalicelib.model import Compliance, ConfigurationItem, Evaluation, Look, Verdict

ITEM_LIMIT_BYTES = 200 * 1024


def look_at_present(
    case: Case, evaluations: tuple[Evaluation, ...], verdicts: Mapping[str, Verdict]
) -> Look:
    """Return the look item of a resource that is there."""
    return replace(
        _blank(case),
        fingerprint=case.sighting.fingerprint,
        due_at=due_at(case, evaluations, verdicts),
        verdicts=verdicts,
        item=_kept(case.sighting.item),
        companions=_companions_after(case),
        recreated_at=case.recreated_at,
    )


def look_at_missing(case: Case, absences: int) -> Look:
    """Return the look item of a resource that was not found, which is not yet believed."""
    return replace(
        case.base or _blank(case),
        rev=case.rev,
        started_at=case.sighting.started_at,
        ended_at=case.sighting.ended_at,
        fingerprint=None,
        event_id=case.event_id,
        absences=absences,
        due_at=case.sighting.ended_at + ABSENCE_RECHECK,
    )


def tombstone(case: Case, absences: int) -> Look:
    """Return the look item of a resource that is gone for certain."""
    return replace(_blank(case), absences=absences, gone=True)


def tombstone_of_replaced(case: Case) -> Look:
    """Return the look item that buries the old bearer of a name."""
    stone, last = tombstone(case, 0), case.known.look
    if last is None:
        return stone
    # The new bearer may have been made at any time since the old one was last seen.
    return replace(stone, started_at=last.started_at, unique_id=last.unique_id)


def verdicts_after(case: Case, evaluations: tuple[Evaluation, ...]) -> dict[str, Verdict]:
    """Return the verdicts of this look, counting how long undecided ones have been so."""
    before = case.base.verdicts if case.base else {}
    return {e.rule_id: _verdict_after(before.get(e.rule_id), e) for e in evaluations}


def _blank(case: Case) -> Look:
    last = case.known.look
    return Look(
        rev=case.rev,
        started_at=case.sighting.started_at,
        ended_at=case.sighting.ended_at,
        fingerprint=None,
        event_id=case.event_id,
        unique_id=case.ref.unique_id or (last.unique_id if last else None),
    )


def _verdict_after(before: Verdict | None, evaluation: Evaluation) -> Verdict:
    undecided = evaluation.compliance is Compliance.INSUFFICIENT_DATA
    looks = before.undecided_looks if before else 0
    return Verdict(
        compliance=evaluation.compliance,
        rule_hash=evaluation.rule_hash,
        undecided_looks=looks + 1 if undecided else 0,
        decided=not undecided or (before is not None and before.decided),
    )


def _companions_after(case: Case) -> tuple[str, ...]:
    item, base = case.sighting.item, case.base
    now = item.companions if item else ()
    # With a gap some companions may be hidden; losing their edges would make us deaf to them.
    kept = base.companions if base and item and item.gaps else ()
    return tuple(dict.fromkeys((*now, *kept)))


def _kept(item: ConfigurationItem | None) -> Mapping[str, Any] | None:
    if item is None:
        return None
    document = {"properties": item.properties, "observed": item.observed}
    size = len(msgspec.json.encode(document))
    return document if size <= ITEM_LIMIT_BYTES else None
