"""Whom a role's trust policy lets assume the role, beyond those it names.

`trust_openings` is about everybody with AWS credentials (STS takes no anonymous calls for a role);
`outside_openings` adds other accounts by name; `federated_openings`, from `federation`, is about
everybody at an identity provider. An external id is no secret: a role open to ``*`` behind one
stays open, and its row says so in ``Guard``.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.facts._globs import covers, meets
from chalicelib.facts._principals import Audience
from chalicelib.facts.federation import FEDERATED_OPENINGS_SCHEMA, federated_openings
from chalicelib.facts.policy import PUBLIC_AUDIENCES, openings

__all__ = [
    "FEDERATED_OPENINGS_SCHEMA",
    "OUTSIDE_OPENINGS_SCHEMA",
    "TRUST_OPENINGS_SCHEMA",
    "federated_openings",
    "outside_openings",
    "trust_openings",
]

_TEXTS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}


def _schema(*audiences: Audience) -> Mapping[str, Any]:
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "Audience": {"enum": [audience.value for audience in audiences]},
                "Guard": {"enum": ["external-id", "none"]},
                "Principals": _TEXTS,
                "ExceptPrincipals": _TEXTS,
                "Actions": _TEXTS,
                "Because": _TEXTS,
            },
            "required": [
                "Audience",
                "Guard",
                "Principals",
                "ExceptPrincipals",
                "Actions",
                "Because",
            ],
            "additionalProperties": False,
        },
    }


#: JSON Schema of `trust_openings`. Guard: ``external-id`` where a condition asks for one.
#: Because: pointers relative to the policy.
TRUST_OPENINGS_SCHEMA = _schema(Audience.ANY_ACCOUNT)

#: JSON Schema of `outside_openings`: ``outsiders`` are other accounts by name.
OUTSIDE_OPENINGS_SCHEMA = _schema(Audience.ANY_ACCOUNT, Audience.OUTSIDERS)

# TagSession and SetSourceIdentity alone give no session.
_ASSUMING = ("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity")
_KEPT = ("Principals", "ExceptPrincipals", "Actions", "Because")

# Whoever assumes a role has an account; others are not let in, or not by AWS credentials.
_AUDIENCES = {
    **dict.fromkeys(PUBLIC_AUDIENCES, Audience.ANY_ACCOUNT),
    Audience.OUTSIDERS.value: Audience.OUTSIDERS,
}


def trust_openings(policy: Mapping[str, Any] | None, *, account_id: str) -> list[dict[str, Any]]:
    """Return the statements that let the public assume the role (`TRUST_OPENINGS_SCHEMA`).

    Own and other named accounts, services and identity providers are no rows here.
    """
    rows = _rows(policy, account_id)
    return [row for row in rows if row["Audience"] == Audience.ANY_ACCOUNT]


def outside_openings(policy: Mapping[str, Any] | None, *, account_id: str) -> list[dict[str, Any]]:
    """Return the statements that let others than this account in (`OUTSIDE_OPENINGS_SCHEMA`)."""
    return list(_rows(policy, account_id))


def _rows(policy: Mapping[str, Any] | None, account_id: str) -> Iterator[dict[str, Any]]:
    for row in openings(policy, account_id=account_id, kind="sts"):
        audience = _AUDIENCES.get(row["Audience"])
        if audience and _assumes(row):
            guarded = "external-id" in row["Notes"]
            yield {
                "Audience": audience.value,
                "Guard": "external-id" if guarded else "none",
                **{key: row[key] for key in _KEPT},
            }


def _assumes(row: Mapping[str, Any]) -> bool:
    wanted = [action.lower() for action in row["Actions"]]
    excepted = [action.lower() for action in row["ExceptActions"]]
    return any(
        any(meets(pattern, action) for pattern in wanted)
        and not any(covers(pattern, action) for pattern in excepted)
        for action in _ASSUMING
    )
