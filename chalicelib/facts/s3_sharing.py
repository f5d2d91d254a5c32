"""What a bucket policy lets other accounts change, action by action.

Wildcards are spelled out: ``s3:Put*`` is every Put action that the statement's resources allow, so
that a rule names the actions it forbids and needs to know nothing of patterns. Whom a condition
narrows down to is not asked: another account stays another account.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.facts._callers import INSIDER
from chalicelib.facts._principals import Audience, audience_of
from chalicelib.facts._s3_actions import Access, access_of, spelled
from chalicelib.facts._s3_reach import Bucket, granted, reached
from chalicelib.facts._statements import Denials, Denies, Statement, statements_from
from chalicelib.facts.policy import LADDER
from chalicelib.facts.s3_access import POLICY
from chalicelib.model import ConfigurationItem

_TEXTS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}
_AUDIENCES = (
    Audience.ANYONE,
    Audience.ANY_ACCOUNT,
    Audience.NETWORKS,
    Audience.OUTSIDERS,
)

#: JSON Schema of `foreign_writes`. Audience: everybody, or ``outsiders``: other accounts by name.
#: Actions: changing ones, as AWS spells them, without wildcards.
FOREIGN_WRITES_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Audience": {"enum": [audience.value for audience in _AUDIENCES]},
            "Principals": _TEXTS,
            "Actions": _TEXTS,
            "Because": _TEXTS,
        },
        "required": ["Audience", "Principals", "Actions", "Because"],
        "additionalProperties": False,
    },
}

Grants = tuple[tuple[str, tuple[str, ...]], ...]
Row = dict[str, Any]


def bucket_foreign_writes(item: ConfigurationItem) -> list[Row]:
    """Return `foreign_writes` of a described bucket, with pointers into its item."""
    bucket = Bucket(name=item.ref.id, partition=item.ref.partition)
    rows = foreign_writes(item.observed["BucketPolicy"], bucket, item.ref.account_id)
    return [{**row, "Because": [POLICY + place for place in row["Because"]]} for row in rows]


def foreign_writes(policy: Mapping[str, Any] | None, bucket: Bucket, account_id: str) -> list[Row]:
    """Return the changing actions that accounts other than the owner's get, after every Deny."""
    statements = statements_from(policy, "s3")
    denies = Denies.of(statements)
    return [
        row
        for statement in statements
        if statement.allows
        for row in _rows(statement, denies, bucket, account_id)
    ]


def _rows(statement: Statement, denies: Denies, bucket: Bucket, account_id: str) -> Iterator[Row]:
    grants = tuple(g for g in granted(statement, bucket) if access_of(g[0]) is Access.WRITE)
    if not grants:
        return
    if statement.principals.admit_everyone:
        yield from _for_everybody(statement, denies, grants)
    else:
        yield from _for_named(statement, denies, grants, account_id)


def _for_everybody(statement: Statement, denies: Denies, grants: Grants) -> Iterator[Row]:
    given: set[str] = set()
    for audience, callers in LADDER:
        if audience is Audience.SERVICE:
            continue
        found = [
            action
            for caller in callers
            for action in reached(grants, statement, caller, denies.for_stranger(caller))
        ]
        fresh = [action for action in dict.fromkeys(found) if action not in given]
        given.update(fresh)
        if fresh:
            yield _row(statement, audience, ("*",), tuple(fresh))


def _for_named(
    statement: Statement, denies: Denies, grants: Grants, account_id: str
) -> Iterator[Row]:
    unconditional = denies.binding(INSIDER)
    groups: dict[tuple[str, ...], list[str]] = {}
    for principal in statement.principals.named or ():
        if audience_of(principal, account_id) is Audience.OUTSIDERS:
            actions = _left(grants, denies.for_principal(principal, unconditional))
            groups.setdefault(actions, []).append(principal.name)
    for actions, names in groups.items():
        if actions:
            yield _row(statement, Audience.OUTSIDERS, tuple(names), actions)


def _left(grants: Grants, denials: Denials) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            action
            for action, places in grants
            if any(not denials.on(action, place) for place in places)
        )
    )


def _row(
    statement: Statement, audience: Audience, names: tuple[str, ...], actions: tuple[str, ...]
) -> Row:
    return {
        "Audience": audience.value,
        "Principals": list(names),
        "Actions": [spelled(action) for action in actions],
        "Because": [statement.place],
    }
