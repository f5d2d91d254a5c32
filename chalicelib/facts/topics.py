"""Whom a topic's policy lets in, with one more note: a subscriber's address without a protocol.

What a newcomer gets wrong: ``SNS:Endpoint`` like ``*@example.com`` keeps strangers' mailboxes out,
but ``https://elsewhere.example/x@example.com`` fits it too. Only ``SNS:Protocol`` rules that out.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.policy import openings
from chalicelib.model.pointer import resolve, tokens_of

ENDPOINT_WITHOUT_PROTOCOL = "endpoint-without-protocol"


def topic_openings(
    policy: Mapping[str, Any] | None, *, account_id: str, kind: str = "sns"
) -> list[dict[str, Any]]:
    """Return `facts.policy.openings` of a topic's policy, with the note where it belongs."""
    rows = openings(policy, account_id=account_id, kind=kind)
    return [{**row, "Notes": [*row["Notes"], *_notes(policy, row)]} for row in rows]


def _notes(policy: Mapping[str, Any] | None, row: Mapping[str, Any]) -> list[str]:
    statements = (resolve(policy, tokens_of(place)) for place in row["Because"])
    return [ENDPOINT_WITHOUT_PROTOCOL] if any(map(_leaves_protocol_open, statements)) else []


def _leaves_protocol_open(statement: Mapping[str, Any]) -> bool:
    keys = {key.lower() for block in statement.get("Condition", {}).values() for key in block}
    return "sns:endpoint" in keys and "sns:protocol" not in keys
