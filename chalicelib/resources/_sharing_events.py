"""To whom a call opens a snapshot or an image: what ``Modify…Attribute`` adds to its permissions.

Public is ``group: all`` and nothing else. Image permissions may name the organisation or a part
of it, which is no opening. What a call takes away opens nothing, whoever it names.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chalicelib.model.plugin import Record
from chalicelib.resources._declared import closed
from chalicelib.resources._ec2 import at
from chalicelib.resources._payload import field, parameters_of

EVERYONE = "all"

#: Change fact: whom the call lets use the resource beyond its own account.
SHARING_CHANGE_FACTS: Mapping[str, Mapping[str, Any]] = {
    "SharedWith": {
        "type": "array",
        "items": closed(
            {
                "Audience": {"enum": ["anyone", "account"]},
                # The account; null where it is anyone.
                "AccountId": {"type": ["string", "null"]},
            }
        ),
    }
}

_ACCOUNT_LIMIT_CHARS = 32
_ROWS_LIMIT = 200

Permission = Mapping[str, Any]


def made_public(record: Record, attribute: str) -> bool:
    """Tell whether a call gives a permission to everyone."""
    return any(field(each, "group") == EVERYONE for each in _added(record, attribute))


def withdrawn(record: Record, attribute: str) -> bool:
    """Tell whether a call takes everyone's permission away."""
    removed = _items(at(parameters_of(record), attribute, "remove"))
    return any(field(each, "group") == EVERYONE for each in removed)


def shared_with(attribute: str) -> Callable[[Record], Mapping[str, Any]]:
    """Return a `Route.derive` for one attribute (``createVolumePermission``)."""

    def derive(record: Record) -> Mapping[str, Any]:
        own = str(record.get("recipientAccountId") or at(record, "userIdentity", "accountId"))
        rows = [row for each in _added(record, attribute) for row in _row(each, own)]
        return {"SharedWith": rows[:_ROWS_LIMIT]}

    return derive


def _row(permission: Permission, own: str) -> Iterator[dict[str, Any]]:
    account = field(permission, "userId")
    if field(permission, "group") == EVERYONE:
        yield {"Audience": "anyone", "AccountId": None}
    if isinstance(account, str | int) and str(account) != own:
        yield {"Audience": "account", "AccountId": str(account)[:_ACCOUNT_LIMIT_CHARS]}


def _added(record: Record, attribute: str) -> list[Permission]:
    # The older form of the call, an operation and flat lists, is recorded like the newer one.
    return _items(at(parameters_of(record), attribute, "add"))


def _items(value: Any) -> list[Permission]:
    found = field(value, "items")
    listed = found if isinstance(found, list) else [found]
    return [each for each in listed if isinstance(each, Mapping)]
