"""What the modules of the account make things with."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.config import Config

from tests.prowler.short_circuit import ShortSession

ACCOUNT = "123456789012"
STRANGER = "444455556666"
REGION = "us-east-1"
ORGANIZATION = "o-exampleorgid"
VERSION = "2012-10-17"
EVERYONE = "*"

Statement = Mapping[str, Any]


#: A refusal here is a mistake of ours.
_ONCE = Config(retries={"total_max_attempts": 1})


@dataclass(slots=True, kw_only=True)
class Seeding:
    """The account while it is made, and afterwards what its things are called.

    Attributes:
        names: Id that AWS gave → the name by which people know the thing.
        made: Things made, parts of others (rules, attachments) not counted.
    """

    session: ShortSession
    names: dict[str, str] = field(default_factory=dict)
    made: int = 0
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return the client of a service."""
        if service not in self._clients:
            self._clients[service] = self.session.client(service, region_name=REGION, config=_ONCE)
        return self._clients[service]

    def call(self, name: str, id_: str) -> str:
        """Note what a thing with an id of AWS's choice is called; return the id."""
        self.names[id_] = name
        self.made += 1
        return id_


def allow(
    principal: Any = EVERYONE, action: Any = "*", resource: Any = "*", **more: Any
) -> dict[str, Any]:
    """Return a statement of a resource policy."""
    said = {"AWS": principal} if isinstance(principal, list) else principal
    return {"Effect": "Allow", "Principal": said, "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any, **condition: Any) -> dict[str, Any]:
    """Return a statement that closes something to everyone."""
    closing = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}
    return {**closing, "Condition": condition} if condition else closing


def document(*statements: Statement, single: bool = False) -> str:
    """Return a policy; `single` writes its one statement as an object, not as a list."""
    return json.dumps({"Version": VERSION, "Statement": statements[0] if single else statements})


def filled(value: Any, fillings: Mapping[str, str]) -> Any:
    """Return a value with `{arn}` and the like replaced in every string of it."""
    if isinstance(value, str):
        for name, text in fillings.items():
            value = value.replace("{" + name + "}", text)
        return value
    if isinstance(value, Mapping):
        return {key: filled(part, fillings) for key, part in value.items()}
    if isinstance(value, Sequence):
        return [filled(part, fillings) for part in value]
    return value


def tagged(name: str, **more: str) -> list[dict[str, str]]:
    """Return tags as EC2 takes them."""
    return [{"Key": key, "Value": value} for key, value in {"Name": name, **more}.items()]
