"""Who owns a resource, as far as its tags say: a claim that anyone who may tag can make.

Good enough to choose whom to tell, never to decide who may do something.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import ConfigurationItem
from chalicelib.resources._plain import text

_OWNER_TAGS = ("owner", "Owner", "team", "Team")
_OWNER_LIMIT_CHARS = 256


def owner_of(item: ConfigurationItem) -> str | None:
    """Return who the tags say owns it (`owner`, then `team`; at most 256 characters), or None."""
    tags = item.properties.get("Tags")
    pairs = tags if isinstance(tags, list) else []
    owners = {tag.get("Key"): tag.get("Value") for tag in pairs if isinstance(tag, Mapping)}
    named = (_bounded(owners.get(key)) for key in _OWNER_TAGS)
    return next((owner for owner in named if owner), None)


def _bounded(value: Any) -> str:
    return text(value.strip())[:_OWNER_LIMIT_CHARS] if isinstance(value, str) else ""
