"""What of a bucket can still be reached without TLS.

Only a Deny for everybody closes plain HTTP: an Allow that asks for TLS leaves every other Allow,
those of IAM included, as it is. ``s3:TlsVersion`` is no replacement, since a plain request has no
TLS version and the condition does not hold for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.facts._callers import PLAINTEXT
from chalicelib.facts._s3_actions import ACTIONS, Scope, spelled
from chalicelib.facts._s3_reach import Bucket
from chalicelib.facts._statements import Denials, Denies, statements_from
from chalicelib.facts.s3_access import POLICY
from chalicelib.model import ConfigurationItem

#: JSON Schema of `plaintext_openings`. Actions: ``s3:*`` where none is closed.
PLAINTEXT_OPENINGS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Scope": {"enum": [scope.value for scope in Scope]},
            "Actions": {"type": "array", "items": {"type": "string"}},
            "Because": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["Scope", "Actions", "Because"],
        "additionalProperties": False,
    },
}


_TEXTBOOK_CONDITIONS = (
    {"Bool": {"aws:SecureTransport": ["false"]}},
    {"BoolIfExists": {"aws:SecureTransport": ["false"]}},
)
_EVERY_ACTION = frozenset({"*", "s3:*"})


def bucket_plaintext_openings(item: ConfigurationItem) -> list[dict[str, Any]]:
    """Return `plaintext_openings` of a described bucket, with pointers into its item."""
    bucket = Bucket(name=item.ref.id, partition=item.ref.partition)
    rows = plaintext_openings(item.observed["BucketPolicy"], bucket)
    return [{**row, "Because": [POLICY + place for place in row["Because"]]} for row in rows]


def plaintext_openings(policy: Mapping[str, Any] | None, bucket: Bucket) -> list[dict[str, Any]]:
    """Return which actions no Deny refuses to a request without TLS; empty where all are refused.

    Because: pointers relative to the policy; the policy as a whole, since what is missing in it
    has no place of its own.
    """
    if policy is not None and any(_is_textbook(s, bucket) for s in policy["Statement"]):
        return []
    denials = Denies.of(statements_from(policy, "s3", _could_close)).for_stranger(PLAINTEXT)
    rows = []
    for scope, place in bucket.scopes.items():
        left = _open_actions(scope, place, denials)
        if left:
            every = len(left) == len(ACTIONS[scope])
            rows.append(
                {
                    "Scope": scope.value,
                    "Actions": ["s3:*"] if every else [spelled(action) for action in left],
                    "Because": [""],
                }
            )
    return rows


def _is_textbook(statement: Mapping[str, Any], bucket: Bucket) -> bool:
    """Recognise the Deny that AWS documents, which most buckets have; it closes everything."""
    return (
        statement.get("Condition") in _TEXTBOOK_CONDITIONS
        and statement["Effect"] == "Deny"
        and "*" in statement.get("Principal", {}).get("AWS", ())
        and not _EVERY_ACTION.isdisjoint(statement.get("Action", ()))
        and (
            "*" in statement.get("Resource", ())
            or set(bucket.scopes.values()).issubset(statement.get("Resource", ()))
        )
    )


def _could_close(statement: Mapping[str, Any]) -> bool:
    # A Deny for all but some lets those few in, with or without TLS.
    for_everyone = "Principal" in statement or "NotPrincipal" not in statement
    return for_everyone and statement["Effect"] == "Deny"


def _open_actions(scope: Scope, place: str, denials: Denials) -> Sequence[str]:
    if not denials.binding:
        return ACTIONS[scope]
    if denials.on("s3:*", place):
        return ()
    return [action for action in ACTIONS[scope] if not denials.on(action, place)]
