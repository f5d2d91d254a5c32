"""What rules may name, as one hash: rules compiled for other shapes must not judge ours."""

from collections.abc import Iterable
from hashlib import sha256

import msgspec

from chalicelib.evaluate import _declared
from chalicelib.model import ResourceType


def shapes_of(types: Iterable[ResourceType]) -> str:
    """Return the SHA-256 over every name and value that a rule could read."""
    known = sorted(types, key=lambda resource_type: resource_type.type)
    items = {resource_type.type: _declared.item_schema(resource_type) for resource_type in known}
    whole = {"items": items, "change": _declared.change_schema(known)}
    return sha256(msgspec.json.encode(whole, order="sorted")).hexdigest()
