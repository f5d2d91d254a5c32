"""Access control lists in one form, from a describe answer or any of a request's four shapes.

A row is ``{"GranteeType", "Grantee", "Permission"}``; Grantee is the group's URI, the canonical id
or the e-mail address. A canned list names only what it adds to the owner's own full control, which
a request does not spell out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

GRANTS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "GranteeType": {"enum": ["Group", "CanonicalUser", "AmazonCustomerByEmail"]},
            "Grantee": {"type": "string"},
            "Permission": {"type": "string"},
        },
        "required": ["GranteeType", "Grantee", "Permission"],
        "additionalProperties": False,
    },
}

_GROUPS = "http://acs.amazonaws.com/groups"
ALL_USERS = f"{_GROUPS}/global/AllUsers"
AUTHENTICATED_USERS = f"{_GROUPS}/global/AuthenticatedUsers"
LOG_DELIVERY = f"{_GROUPS}/s3/LogDelivery"

_CANNED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "public-read": ((ALL_USERS, "READ"),),
    "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
    "authenticated-read": ((AUTHENTICATED_USERS, "READ"),),
    "log-delivery-write": ((LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")),
}
_HEADERS: Mapping[str, str] = {
    f"x_amz_grant_{name}": name.upper()
    for name in ("read", "write", "read_acp", "write_acp", "full_control")
}
# Key of a grantee, in lower case without dashes → its type.
_GRANTEE_KEYS: Mapping[str, str] = {
    "uri": "Group",
    "id": "CanonicalUser",
    "emailaddress": "AmazonCustomerByEmail",
}

# The same in S3's own spelling, in the same order.
_DESCRIBED_GRANTEES = (
    ("URI", "Group"),
    ("ID", "CanonicalUser"),
    ("EmailAddress", "AmazonCustomerByEmail"),
)
_DESCRIBED_KEYS = frozenset({"Type", "DisplayName", "URI", "ID", "EmailAddress"})
_GRANT_KEYS = frozenset({"Grantee", "Permission"})

Grant = dict[str, str]


def grants_from_acl(grants: Any) -> list[Grant]:
    """Normalise the ``Grants`` of a describe answer; what is no grant is left out."""
    return [row for grant in _elements(grants) for row in _granted(grant)]


def described_grants(grants: Any) -> list[Grant] | None:
    """Return what `grants_from_acl` does, where S3's own spelling is all there is; else None.

    What it returns is plain ASCII of the shape of `GRANTS_SCHEMA`.
    """
    if type(grants) is not list:
        return None
    rows = [row for grant in grants if (row := _described(grant)) is not None]
    whole = "".join([row["Grantee"] + row["Permission"] for row in rows])
    return rows if len(rows) == len(grants) and whole.isascii() else None


def grants_from_request(parameters: Any) -> list[Grant] | None:
    """Normalise the grants that a request asks for; None where it carries none.

    Knows the canned ``x-amz-acl``, ``AccessControlPolicy`` with a list or a single Grant, and
    grant headers, at the top or under ``AccessControlList``.
    """
    request = _lower(parameters)
    policy = _lower(request.get("accesscontrolpolicy"))
    listed = _lower(policy.get("accesscontrollist"))
    headers = {**request, **_lower(request.get("accesscontrollist"))}
    found = [name for name in ("x_amz_acl", *_HEADERS) if headers.get(name)]
    if not found and "grant" not in listed:
        return None
    rows = grants_from_acl(listed.get("grant"))
    rows += [row for name in found for row in _from_header(name, headers[name])]
    return list({tuple(row.values()): row for row in rows}.values())


def _from_header(name: str, value: Any) -> Iterator[Grant]:
    text = next((part for part in _elements(value) if isinstance(part, str)), "")
    if name == "x_amz_acl":
        for uri, permission in _CANNED.get(text.strip().lower(), ()):
            yield _row("Group", uri, permission)
        return
    for grantee in text.split(","):
        key, _, named = grantee.partition("=")
        kind = _GRANTEE_KEYS.get(key.strip().lower())
        if kind is not None:
            yield _row(kind, named.strip().strip("\"'"), _HEADERS[name])


def _granted(grant: Any) -> Iterator[Grant]:
    if (row := _described(grant)) is not None:
        yield row
        return
    fields = _lower(grant)
    grantee = _lower(fields.get("grantee"))
    permission = fields.get("permission")
    for key, kind in _GRANTEE_KEYS.items():
        if isinstance(grantee.get(key), str) and isinstance(permission, str):
            yield _row(kind, grantee[key], permission)
            return


def _described(grant: Any) -> Grant | None:
    """Read a grant spelled as S3's describe answer spells it; None where it is not."""
    if type(grant) is not dict or grant.keys() != _GRANT_KEYS:
        return None
    grantee, permission = grant["Grantee"], grant["Permission"]
    if type(grantee) is not dict or not grantee.keys() <= _DESCRIBED_KEYS:
        return None
    for key, kind in _DESCRIBED_GRANTEES:
        if isinstance(grantee.get(key), str) and isinstance(permission, str):
            return _row(kind, grantee[key], permission)
    return None


def _row(kind: str, grantee: str, permission: str) -> Grant:
    return {"GranteeType": kind, "Grantee": grantee, "Permission": permission.upper()}


def _lower(value: Any) -> dict[str, Any]:
    """Return an object's fields under lower-case keys, dashes as underscores; else nothing."""
    if not isinstance(value, Mapping):
        return {}
    return {str(key).lower().replace("-", "_"): field for key, field in value.items()}


def _elements(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
