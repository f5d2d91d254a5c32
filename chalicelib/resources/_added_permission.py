"""Calls that add one statement to a policy by its parts: AddPermission, PutPermission.

SNS, SQS and EventBridge write the statement themselves; the payload holds its label, accounts and
actions. Only the label is proposed: it becomes the statement's ``Sid``, while the spelling of the
rest is the service's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.model.plugin import Record
from chalicelib.resources._payload import field, parameters_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedPermission:
    """A kind of call that adds a statement.

    Attributes:
        label: Request parameter that becomes the statement's ``Sid``.
        principals: Spellings of the request parameter with account numbers, or ``*``.
        actions: Spellings of the one with action names, with or without the service.
        service: Prefix of actions that come without one.
        condition: Request parameter with ``type``, ``key`` and ``value``, where the call has one.
    """

    label: str
    principals: tuple[str, ...]
    actions: tuple[str, ...]
    service: str
    condition: str | None = None

    def policy(self, record: Record) -> dict[str, Any] | None:
        """Return a policy of just the added statement; None where the payload names nobody."""
        parameters = parameters_of(record)
        principals = _texts(parameters, self.principals)
        if not principals:
            return None
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": principals},
            "Action": [self._action(name) for name in _texts(parameters, self.actions)],
            "Resource": "*",
            **self._conditions(parameters),
        }
        return {"Version": "2012-10-17", "Statement": [statement]}

    def proposed(self, record: Record, statements: str) -> Mapping[str, Any]:
        """Return the added statement as far as it is said, for the list at `statements`."""
        label = field(parameters_of(record), self.label)
        said = isinstance(label, str) and label
        return {statements: [{"Sid": label, "Effect": "Allow"}]} if said else {}

    def _action(self, name: str) -> str:
        return name if ":" in name else f"{self.service}:{name}"

    def _conditions(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        condition = field(parameters, self.condition) if self.condition else None
        operator, key, value = (field(condition, part) for part in ("type", "key", "value"))
        if not isinstance(operator, str) or not isinstance(key, str):
            return {}
        return {"Condition": {operator: {key: value}}}


def _texts(parameters: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    found = next((value for name in names if (value := field(parameters, name))), None)
    values = found if isinstance(found, list) else [found]
    return [str(each) for each in values if isinstance(each, str | int)]
