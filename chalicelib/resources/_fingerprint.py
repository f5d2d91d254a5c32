"""What tells two looks at a resource apart, as one hash.

What a newcomer gets wrong: a part that could not be read must not look like a change of it.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from chalicelib.model import ConfigurationItem, ResourceType
from chalicelib.model.pointer import EACH, tokens_of


def fingerprint(resource_type: ResourceType, item: ConfigurationItem) -> str:
    """Hash what was described, without volatile and unread parts."""
    document: Any = {"properties": item.properties, "observed": item.observed}
    for pointer in (*resource_type.volatile, *(gap.pointer for gap in item.gaps)):
        document = _without(document, tokens_of(pointer))
    return sha256(msgspec.json.encode(document, order="sorted")).hexdigest()


def _without(value: Any, tokens: tuple[str, ...]) -> Any:
    """Copy `value` without what lies at `tokens`; list elements leave None, so indices stay."""
    if not tokens:
        return None
    head, rest = tokens[0], tokens[1:]
    if isinstance(value, Mapping):
        return {
            key: _without(item, rest) if head in (key, EACH) else item
            for key, item in value.items()
            if rest or head not in (key, EACH)
        }
    if isinstance(value, list):
        return [
            _without(item, rest) if head in (str(index), EACH) else item
            for index, item in enumerate(value)
        ]
    return value
