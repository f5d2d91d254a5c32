"""What the public may do with a bucket, all of S3's switches taken together.

Grants and statements open; four flags, on the bucket *or* on the account, close again what is
already there: only ``IgnorePublicAcls`` and ``RestrictPublicBuckets`` do, the two ``Block…`` flags
merely refuse new grants and policies. An unread switch proves nothing, neither open nor closed.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib.facts._callers import ANONYMOUS, FOREIGNER, S3_PUBLIC, Caller
from chalicelib.facts._globs import covers, has_wildcard
from chalicelib.facts._principals import Audience
from chalicelib.facts._s3_actions import Access, access_of
from chalicelib.facts._s3_reach import Bucket, granted, reached
from chalicelib.facts._statements import (
    Denials,
    Denies,
    Statement,
    statements_from,
)
from chalicelib.facts.s3_acl import (
    GRANTS_SCHEMA,
    described_grants,
    grants_from_acl,
    grants_from_request,
)
from chalicelib.model import ConfigurationItem
from chalicelib.model.pointer import tokens_of, touches

__all__ = [
    "ACCOUNT_BLOCK",
    "BLOCK_FLAGS",
    "BUCKET_BLOCK",
    "BUCKET_OPENINGS_SCHEMA",
    "GRANTS",
    "GRANTS_SCHEMA",
    "OWNERSHIP",
    "POLICY",
    "bucket_openings",
    "decisive_inputs",
    "described_grants",
    "grants_from_acl",
    "grants_from_request",
    "payload_openings",
]

POLICY = "/observed/BucketPolicy"
GRANTS = "/observed/Grants"
BUCKET_BLOCK = "/properties/PublicAccessBlockConfiguration"
ACCOUNT_BLOCK = "/observed/AccountPublicAccessBlock"
OWNERSHIP = "/properties/OwnershipControls"

BLOCK_FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
ACLS_OFF = "BucketOwnerEnforced"

_TEXTS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}
_SWITCHES: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"At": {"type": "string"}, "Closes": {"type": ["boolean", "string"]}},
        "required": ["At", "Closes"],
        "additionalProperties": False,
    },
}

#: JSON Schema of `bucket_openings` and `payload_openings`.
#:
#: Principals: the group's URI for an ACL, else ``*``. Actions: the permission, or the statement's
#: patterns that give this access. Because: the grant or statement. Despite: the switches that
#: could have closed it and do not, with the value that would have.
BUCKET_OPENINGS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Access": {"enum": [access.value for access in Access]},
            "Audience": {"enum": [Audience.ANYONE.value, Audience.ANY_ACCOUNT.value]},
            "Via": {"enum": ["acl", "policy"]},
            "Principals": _TEXTS,
            "Actions": _TEXTS,
            "Because": _TEXTS,
            "Despite": _SWITCHES,
        },
        "required": ["Access", "Audience", "Via", "Principals", "Actions", "Because", "Despite"],
        "additionalProperties": False,
    },
}

_PUBLIC_CALLERS: tuple[tuple[Audience, Caller], ...] = (
    (Audience.ANYONE, ANONYMOUS),
    (Audience.ANY_ACCOUNT, FOREIGNER),
)
# Other partitions spell the host differently, never the end.
_PUBLIC_GROUPS = {
    "/groups/global/AllUsers": Audience.ANYONE,
    "/groups/global/AuthenticatedUsers": Audience.ANY_ACCOUNT,
}
# Who may write the ACL may grant himself the rest.
_ACL_ACCESS: Mapping[str, tuple[Access, ...]] = {
    "READ": (Access.READ,),
    "READ_ACP": (Access.READ,),
    "WRITE": (Access.WRITE,),
    "WRITE_ACP": (Access.READ, Access.WRITE),
    "FULL_CONTROL": (Access.READ, Access.WRITE),
}

Row = dict[str, Any]


def bucket_openings(item: ConfigurationItem) -> list[Row]:
    """Return what the public certainly may do with a bucket (`BUCKET_OPENINGS_SCHEMA`).

    Under gaps it lists only what is open whatever they hide.
    """
    return [*_open_grants(item), *_open_statements(item)]


def decisive_inputs(item: ConfigurationItem) -> tuple[str, ...]:
    """Return the inputs of `bucket_openings` that, if unread, could still hide an opening.

    A bucket that ignores public ACLs is as safe with an unread ACL as with a read one.
    """
    switches = (BUCKET_BLOCK, ACCOUNT_BLOCK)
    grants = item.observed.get("Grants")
    acls = () if _acls_are_off(item) else (GRANTS, OWNERSHIP, *switches)
    if grants is not None and not any(_grant_rows(grants)):
        acls = ()
    restricted = True in _flags(item, "RestrictPublicBuckets")
    rows = _policy_rows(item.observed.get("BucketPolicy"), _bucket_of(item))
    moot = restricted or (not _is_unread(item, POLICY) and not any(rows))
    return tuple(dict.fromkeys((*acls, POLICY, *(() if moot else switches))))


def payload_openings(
    *,
    policy: Mapping[str, Any] | None = None,
    grants: Iterable[Mapping[str, str]] = (),
    bucket: str,
    partition: str = "aws",
) -> list[Row]:
    """Return what a request's policy or grants alone would open, whatever blocks stand."""
    place = Bucket(name=bucket, partition=partition)
    return [*_grant_rows(grants), *_policy_rows(policy, place)]


def _open_grants(item: ConfigurationItem) -> list[Row]:
    ownership = _ownership(item)
    if _flags(item, "IgnorePublicAcls") != (False, False) or ownership in {None, ACLS_OFF}:
        return []
    owner = {"At": f"{OWNERSHIP}/Rules/0/ObjectOwnership", "Closes": ACLS_OFF}
    despite = [owner, *_switches("IgnorePublicAcls")]
    rows = _grant_rows(item.observed.get("Grants") or ())
    return [{**row, "Despite": despite} for row in rows]


def _open_statements(item: ConfigurationItem) -> list[Row]:
    policy = item.observed.get("BucketPolicy")
    rows = list(_policy_rows(policy, _bucket_of(item)))
    if not rows:
        return []
    restricted = _flags(item, "RestrictPublicBuckets")
    if restricted != (False, False) and _is_public_to_s3(policy):
        return []
    return [{**row, "Despite": _switches("RestrictPublicBuckets")} for row in rows]


def _grant_rows(grants: Iterable[Mapping[str, str]]) -> Iterator[Row]:
    for index, grant in enumerate(grants):
        audience = _group_audience(grant)
        for access in _ACL_ACCESS.get(grant["Permission"], ()) if audience else ():
            yield {
                "Access": access.value,
                "Audience": audience,
                "Via": "acl",
                "Principals": [grant["Grantee"]],
                "Actions": [grant["Permission"]],
                "Because": [f"{GRANTS}/{index}"],
                "Despite": [],
            }


def _group_audience(grant: Mapping[str, str]) -> str | None:
    if grant["GranteeType"] != "Group":
        return None
    for ending, audience in _PUBLIC_GROUPS.items():
        if grant["Grantee"].endswith(ending):
            return audience.value
    return None


def _policy_rows(policy: Mapping[str, Any] | None, bucket: Bucket) -> Iterator[Row]:
    if policy is None or not any(map(_could_admit_everyone, policy["Statement"])):
        return
    statements = statements_from(policy, "s3")
    denies = Denies.of(statements)
    callers = tuple(
        (audience, caller, denies.for_stranger(caller)) for audience, caller in _PUBLIC_CALLERS
    )
    for statement in statements:
        if statement.allows and statement.principals.admit_everyone:
            yield from _statement_rows(statement, bucket, callers)


def _could_admit_everyone(statement: Mapping[str, Any]) -> bool:
    """Tell what `Principals.admit_everyone` could, without compiling; nearly always False."""
    if statement["Effect"] != "Allow":
        return False
    principals = statement.get("Principal")
    return principals is None or any(
        has_wildcard(name) for names in principals.values() for name in names
    )


def _statement_rows(
    statement: Statement, bucket: Bucket, callers: tuple[tuple[Audience, Caller, Denials], ...]
) -> Iterator[Row]:
    grants = tuple(granted(statement, bucket))
    given: set[str] = set()
    for audience, caller, denials in callers:
        fresh = [a for a in reached(grants, statement, caller, denials) if a not in given]
        given.update(fresh)
        for access in Access:
            actions = _patterns(statement, [a for a in fresh if access_of(a) is access])
            if actions:
                yield {
                    "Access": access.value,
                    "Audience": audience.value,
                    "Via": "policy",
                    "Principals": ["*"],
                    "Actions": actions,
                    "Because": [POLICY + statement.place],
                    "Despite": [],
                }


def _patterns(statement: Statement, actions: list[str]) -> list[str]:
    """Return the patterns of a statement, as written, that include any of `actions`."""
    names = frozenset(actions)
    found = (
        pattern
        for pattern in statement.wanted
        if pattern in names
        or (has_wildcard(pattern) and any(covers(pattern, action) for action in actions))
    )
    return [statement.spelled.get(pattern, pattern) for pattern in found]


def _is_public_to_s3(policy: Mapping[str, Any] | None) -> bool:
    """Tell whether S3 itself calls a policy public: only then does RestrictPublicBuckets act.

    S3 judges address ranges one by one, so that many ranges which only together are the internet
    stay open behind the flag.
    """
    return any(
        statement.allows
        and statement.principals.admit_everyone
        and any(statement.reached_by(caller) for caller in S3_PUBLIC)
        for statement in statements_from(policy, "s3")
    )


def _bucket_of(item: ConfigurationItem) -> Bucket:
    return Bucket(name=item.ref.id, partition=item.ref.partition)


def _is_unread(item: ConfigurationItem, pointer: str) -> bool:
    return any(touches(tokens_of(gap.pointer), tokens_of(pointer)) for gap in item.gaps)


def _acls_are_off(item: ConfigurationItem) -> bool:
    return True in _flags(item, "IgnorePublicAcls") or _ownership(item) == ACLS_OFF


def _flags(item: ConfigurationItem, flag: str) -> tuple[bool | None, bool | None]:
    """Return a flag on the bucket and on the account; None where it could not be read."""
    own = item.properties.get("PublicAccessBlockConfiguration") or {}
    account = item.observed.get("AccountPublicAccessBlock") or {}
    return own.get(flag), account.get(flag)


def _ownership(item: ConfigurationItem) -> str | None:
    controls = item.properties.get("OwnershipControls") or {}
    rules: list[dict[str, str]] = controls.get("Rules") or [{}]
    return rules[0].get("ObjectOwnership")


def _switches(flag: str) -> list[Row]:
    return [{"At": f"{block}/{flag}", "Closes": True} for block in (BUCKET_BLOCK, ACCOUNT_BLOCK)]
