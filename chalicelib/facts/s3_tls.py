"""What of a bucket can still be reached without TLS.

Only a Deny for everybody closes plain HTTP: an Allow that asks for TLS leaves every other Allow,
those of IAM included, as it is. ``s3:TlsVersion`` is no replacement, since a plain request has no
TLS version and the condition does not hold for it.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts._callers import PLAINTEXT
from chalicelib.facts._s3_actions import ACTIONS, Scope, spelled
from chalicelib.facts._s3_reach import Bucket
from chalicelib.facts._statements import Denies, statements_from
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
    # A Deny for all but some lets those few in, with or without TLS.
    whole = (s for s in statements_from(policy, "s3") if not s.principals.negated)
    denials = Denies.of(whole).for_stranger(PLAINTEXT)
    rows = []
    for scope, place in bucket.scopes.items():
        left = [action for action in ACTIONS[scope] if not denials.on(action, place)]
        if left:
            actions = [spelled(action) for action in left]
            every = len(left) == len(ACTIONS[scope])
            rows.append(
                {
                    "Scope": scope.value,
                    "Actions": ["s3:*"] if every else actions,
                    "Because": [""],
                }
            )
    return rows
