"""A commit as DynamoDB transactions: nearly always one, several where a commit is too big for one.

Every part moves the look's revision on, so a part can only follow the one before it. What the look
knows (fingerprint, verdicts) advances with the last part alone: a process that dies in between
leaves a resource that merely has to be looked at again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from chalicelib.findings._items import (
    Item,
    edge_key,
    item_of_detection,
    item_of_edge,
    item_of_entry,
    item_of_finding,
    item_of_look,
    item_of_row,
    key_of,
    stamp,
)
from chalicelib.findings.identity import detection_key
from chalicelib.model import Commit, Detection, Finding, LedgerRow, Look, Transition

#: TransactWriteItems takes 100 actions and 4 MB; two actions are the look and the ledger row.
ACTIONS_LIMIT = 98
BYTES_LIMIT = 3_000_000

_ABSENT = "attribute_not_exists(pk)"


class Role(Enum):
    """What an action writes; decides what its failed condition means."""

    LOOK = auto()
    FINDING = auto()
    DETECTION = auto()
    ENTRY = auto()
    EDGE = auto()
    ROW = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action of a transaction."""

    role: Role
    request: dict[str, Any]

    @property
    def size(self) -> int:
        """Roughly its size in bytes: documents are nearly all of it."""
        item: Item = self.request.get("Put", {}).get("Item", {})
        return sum(len(value["S"].encode()) for value in item.values() if "S" in value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The names of the tables that a commit writes."""

    findings: str
    history: str
    ledger: str


def transactions(commit: Commit, tables: Tables) -> Iterator[list[Action]]:
    """Yield the transactions of a commit, to be written in this order."""
    parts = list(_packed(_groups(commit, tables)))
    look, guard = commit.look, commit.known.look
    for number, part in enumerate(parts, start=1):
        last = number == len(parts)
        actions = list(part)
        if look is not None:
            written = _numbered(look, number) if last else _interim(commit, look, number)
            actions.insert(0, _look_action(commit, written, guard, tables))
            guard = written
        if last and commit.ledger:
            actions.append(row_action(commit.ledger, tables))
        if actions:
            yield actions


def row_action(row: LedgerRow, tables: Tables, *, twin: bool = False) -> Action:
    """Return the action that writes a ledger row."""
    put = _put(tables.ledger, item_of_row(row, twin=twin), _ABSENT)
    put["Put"]["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return Action(role=Role.ROW, request=put)


def _groups(commit: Commit, tables: Tables) -> Iterator[list[Action]]:
    """Yield actions that must stay together."""
    for transition in commit.transitions:
        yield _transition_actions(commit, transition, tables)
    for detection in commit.detections:
        yield [_detection_action(commit, detection, tables)]
    for action in _edge_actions(commit, tables):
        yield [action]


def _packed(groups: Iterable[list[Action]]) -> Iterator[list[Action]]:
    """Fill transactions group by group; there is always one, if only for the look."""
    part: list[Action] = []
    size = 0
    for group in groups:
        weight = sum(action.size for action in group)
        if part and (len(part) + len(group) > ACTIONS_LIMIT or size + weight > BYTES_LIMIT):
            yield part
            part, size = [], 0
        part, size = [*part, *group], size + weight
    yield part


def _numbered(look: Look, number: int) -> Look:
    return replace(look, rev=look.rev + number - 1)


def _interim(commit: Commit, look: Look, number: int) -> Look:
    """Return the look after a part: what was known before, with the new look's interval."""
    blank = Look(rev=0, started_at=look.started_at, ended_at=look.ended_at, fingerprint=None)
    return replace(
        commit.known.look or blank,
        rev=look.rev + number - 1,
        started_at=look.started_at,
        ended_at=look.ended_at,
    )


def _look_action(commit: Commit, look: Look, guard: Look | None, tables: Tables) -> Action:
    item = item_of_look(commit.ref, look)
    if guard is None:
        return Action(role=Role.LOOK, request=_put(tables.findings, item, _ABSENT))
    # The revision alone would do; the interval is what the order of looks was decided by.
    put = _put(tables.findings, item, "rev = :rev AND looked_to = :to")
    put["Put"]["ExpressionAttributeValues"] = {
        ":rev": {"N": str(guard.rev)},
        ":to": {"S": stamp(guard.ended_at)},
    }
    return Action(role=Role.LOOK, request=put)


def _transition_actions(commit: Commit, transition: Transition, tables: Tables) -> list[Action]:
    entry = Action(
        role=Role.ENTRY, request=_put(tables.history, item_of_entry(transition), _ABSENT)
    )
    if transition.finding is not None:
        return [_finding_action(transition, transition.finding, tables), entry]
    if transition.detection is not None:
        return [_detection_action(commit, transition.detection, tables), entry]
    return [entry]


def _finding_action(transition: Transition, finding: Finding, tables: Tables) -> Action:
    item = item_of_finding(transition, finding)
    if finding.revision == 1:
        return Action(role=Role.FINDING, request=_put(tables.findings, item, _ABSENT))
    put = _put(tables.findings, item, "revision = :known")
    put["Put"]["ExpressionAttributeValues"] = {":known": {"N": str(finding.revision - 1)}}
    return Action(role=Role.FINDING, request=put)


def _detection_action(commit: Commit, detection: Detection, tables: Tables) -> Action:
    item = item_of_detection(detection)
    stored = {detection_key(d) for d in commit.known.detections}
    if detection_key(detection) not in stored:
        return Action(role=Role.DETECTION, request=_put(tables.findings, item, _ABSENT))
    put = _put(tables.findings, item, "#status = :pending")
    put["Put"]["ExpressionAttributeNames"] = {"#status": "status"}
    put["Put"]["ExpressionAttributeValues"] = {":pending": {"S": "pending"}}
    return Action(role=Role.DETECTION, request=put)


def _edge_actions(commit: Commit, tables: Tables) -> Iterator[Action]:
    if commit.look is None:
        return
    before = set(commit.known.look.companions) if commit.known.look else set()
    now = set(commit.look.companions)
    for companion in sorted(now - before):
        item = item_of_edge(companion, commit.ref)
        yield Action(role=Role.EDGE, request={"Put": {"TableName": tables.findings, "Item": item}})
    for companion in sorted(before - now):
        key = key_of(companion, edge_key(commit.ref))
        yield Action(role=Role.EDGE, request={"Delete": {"TableName": tables.findings, "Key": key}})


def _put(table: str, item: Item, condition: str) -> dict[str, Any]:
    return {"Put": {"TableName": table, "Item": item, "ConditionExpression": condition}}
