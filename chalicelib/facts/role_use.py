"""When a role last showed a sign of life, and whose it is.

AWS forgets: it tracks the use of a role for 400 days, so a role without a date was not used *within
that window*, which is not "never". A role's creation counts as activity, because a new role has
had no time to be used.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.model import ConfigurationItem, Fact

#: Tags by which owners take a role out of the question of staleness; any value but these counts.
BREAK_GLASS_TAG = "vigil:break-glass"
RARELY_USED_TAG = "vigil:rarely-used"
_NO = frozenset({"false", "no"})

CUSTOMER = "customer"

_BY_TAG = {BREAK_GLASS_TAG: "break-glass", RARELY_USED_TAG: "rarely-used"}
_BY_PATH = {
    "/aws-service-role/": "aws-service",
    "/aws-reserved/sso.amazonaws.com/": "identity-center",
}
_BY_NAME = {
    "AWSControlTowerExecution": "control-tower",
    "AWSControlTowerAdmin": "control-tower",
    "AWSControlTowerStackSetRole": "control-tower",
    "AWSControlTowerCloudTrailRole": "control-tower",
    "AWSControlTowerConfigAggregatorRoleForOrganizations": "control-tower",
    "AWSCloudFormationStackSetAdministrationRole": "stacksets",
    "AWSCloudFormationStackSetExecutionRole": "stacksets",
    "OrganizationAccountAccessRole": "organizations",
}
_BY_NAME_PREFIX = {"aws-controltower-": "control-tower", "stacksets-exec-": "stacksets"}

_SOURCES = ("created", "used", "assumed")


def last_activity(item: ConfigurationItem) -> dict[str, Any]:
    """Return the latest sign of life with where it comes from.

    ``Source`` is ``created``, ``used`` (AWS's own tracking, hours late) or ``assumed`` (a record
    of the role being assumed, which overtakes the tracking).
    """
    signs = _signs(item.observed)
    source, at, pointer = max(signs, key=lambda sign: _order(sign[1]))
    return {"At": at, "Source": source, "Because": [pointer]}


def managed_by(item: ConfigurationItem) -> str:
    """Name who creates and removes the role: ``customer`` unless AWS does or a tag exempts it."""
    properties = item.properties
    return (
        _by_tag(properties["Tags"])
        or _by_prefix(properties["Path"], _BY_PATH)
        or _BY_NAME.get(properties["RoleName"])
        or _by_prefix(properties["RoleName"], _BY_NAME_PREFIX)
        or CUSTOMER
    )


def _signs(observed: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    """Yield source, instant and pointer of each known sign."""
    yield "created", observed["CreateDate"], "/observed/CreateDate"
    if observed["RoleLastUsed"]["LastUsedDate"] is not None:
        pointer = "/observed/RoleLastUsed/LastUsedDate"
        yield "used", observed["RoleLastUsed"]["LastUsedDate"], pointer
    if observed["LastAssumed"] is not None:
        yield "assumed", observed["LastAssumed"], "/observed/LastAssumed"


def _order(instant: str) -> str:
    """Return what sorts UTC instants by time, with or without a fraction of a second."""
    return instant.removesuffix("Z")


def _by_tag(tags: Iterable[Mapping[str, Any]]) -> str | None:
    values = {tag["Key"]: str(tag["Value"]).lower() for tag in tags}
    found = (name for tag, name in _BY_TAG.items() if values.get(tag, "no") not in _NO)
    return next(found, None)


def _by_prefix(text: str, prefixes: Mapping[str, str]) -> str | None:
    return next((name for prefix, name in prefixes.items() if text.startswith(prefix)), None)


#: An instant in UTC as items hold it.
INSTANT: Mapping[str, Any] = {
    "type": "string",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z$",
}

LAST_ACTIVITY = Fact(
    name="LastActivity",
    inputs=("/observed/CreateDate", "/observed/RoleLastUsed", "/observed/LastAssumed"),
    compute=last_activity,
    schema={
        "type": "object",
        "properties": {
            "At": INSTANT,
            "Source": {"enum": list(_SOURCES)},
            "Because": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["At", "Source", "Because"],
        "additionalProperties": False,
    },
)

MANAGED_BY = Fact(
    name="ManagedBy",
    inputs=("/properties/Path", "/properties/RoleName", "/properties/Tags"),
    compute=managed_by,
    schema={
        "enum": sorted(
            {CUSTOMER}.union(
                _BY_TAG.values(), _BY_PATH.values(), _BY_NAME.values(), _BY_NAME_PREFIX.values()
            )
        )
    },
)
