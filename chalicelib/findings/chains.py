"""Whether what a table says of a person or an exemption is what its history says.

A row can be edited by whoever may write the table. So nothing a row says is believed unless the
newest entry of its history says the same, and the entries before it could have led there.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import msgspec

from chalicelib.findings._exemption_states import FOLLOWS, STATUS_AFTER
from chalicelib.findings.exemptions import has_two_persons
from chalicelib.findings.history import Entry, hash_of, transition_from
from chalicelib.model import Exemption, ExemptionStatus, Person, Transition, TransitionKind

Record = Exemption | Person


def newest_of(entries: Sequence[Entry]) -> Entry | None:
    """Return the last entry of a chain, by its number: clocks may disagree."""
    return max(entries, key=lambda entry: entry.seq, default=None)


def altered(row: Record, key: str, entries: Sequence[Entry]) -> str | None:
    """Say what is wrong with a row; None where it is what its history says.

    Args:
        row: The row as it is stored.
        key: Store key of its history.
        entries: That history, in any order.
    """
    if not entries:
        return "it has no history"
    ordered = sorted(entries, key=lambda entry: entry.seq)
    try:
        told = [transition_from(entry.body) for entry in ordered]
    except msgspec.DecodeError:
        return "its history cannot be read"
    if row.head != hash_of(ordered[-1].body) or replace(row, head=None) != _record(told[-1], row):
        return "it is not what its history says"
    return _broken(ordered, told, key, row) or _unlawful(told)


def _broken(
    ordered: Sequence[Entry], told: Sequence[Transition], key: str, row: Record
) -> str | None:
    """Say where the chain is not one."""
    links = [None, *(hash_of(entry.body) for entry in ordered)]
    for number, (entry, one) in enumerate(zip(ordered, told, strict=True), start=1):
        about = _record(one, row)
        if about is None or about.id != row.id or one.subject.ref.key != key:
            return f"entry {number} of its history is about something else"
        if not number == entry.seq == one.seq == about.revision:
            return f"its history lacks entry {number}, or has it twice"
        if not links[number - 1] == entry.prev == one.prev:
            return f"entry {number} of its history does not follow the one before"
    return None


def _unlawful(told: Sequence[Transition]) -> str | None:
    """Say which entry about an exemption Vigil would not have written after the one before."""
    if told[0].exemption is None:
        return None
    if told[0].kind is not TransitionKind.EXEMPTION_REQUESTED:
        return "its history does not begin with a request"
    for before, after in pairwise(told):
        if before.exemption is None or after.exemption is None or not _may(before, after):
            return f"its history says {after.kind.value} where that cannot be"
    return None


def _may(before: Transition, after: Transition) -> bool:
    was, now = before.exemption, after.exemption
    if was is None or now is None or after.kind not in FOLLOWS:
        return False
    lawful = was.status in FOLLOWS[after.kind] and now.status is STATUS_AFTER[after.kind]
    if now.status is ExemptionStatus.APPROVED and not has_two_persons(now):
        return False
    return lawful and _same_request(was, now)


def _same_request(was: Exemption, now: Exemption) -> bool:
    """Tell whether nothing was changed that had been asked for and approved."""
    return (
        (was.scope, was.reason, was.requested_at, was.expires_at, was.pinned, was.matched)
        == (now.scope, now.reason, now.requested_at, now.expires_at, now.pinned, now.matched)
        and was.requested_by.key == now.requested_by.key
        and was.decided_at in (None, now.decided_at)
    )


def _record(transition: Transition, like: Record) -> Record | None:
    return transition.exemption if isinstance(like, Exemption) else transition.person
