"""Who owns a resource, as far as its tags say: a claim that anyone who may tag can make.

Good enough to choose whom to tell, never to decide who may do something.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.legible import legible
from chalicelib.model import ConfigurationItem, OwnerFrom, ResourceRef, ResourceType, Subject
from chalicelib.model.finding import TAGS_LIMIT
from chalicelib.model.ruleset import Ruleset
from chalicelib.resources._plain import text

TAGS_POINTER = "/properties/Tags"
#: AWS's own limits; what a description says beyond them is cut.
KEY_LIMIT_CHARS = 128
VALUE_LIMIT_CHARS = 256
_OWNER_TAGS = ("owner", "Owner", "team", "Team")


def owner_of(item: ConfigurationItem) -> str | None:
    """Return who the tags say owns it (`owner`, then `team`; at most 256 characters), or None."""
    owners = dict(_pairs(item))
    named = (_bounded(owners.get(key)) for key in _OWNER_TAGS)
    return next((owner for owner in named if owner), None)


def tags_of(item: ConfigurationItem) -> dict[str, str]:
    """Return the tags as a finding keeps them: few, short, and with nothing in them that acts."""
    pairs = [(key, value) for key, value in _pairs(item) if isinstance(value, str)]
    return {
        legible(key)[:KEY_LIMIT_CHARS]: legible(value)[:VALUE_LIMIT_CHARS]
        for key, value in sorted(pairs)[:TAGS_LIMIT]
    }


def subject_for(
    ref: ResourceRef,
    item: ConfigurationItem | None,
    *,
    arn: str | None,
    ruleset: Ruleset,
    default_owner: str | None,
) -> Subject:
    """Name a resource as people do, with its owner and what says so."""
    claims = (
        (owner_of(item) if item else None, OwnerFrom.TAG),
        (ruleset.owners.get(ref.account_id), OwnerFrom.ACCOUNT),
        (ruleset.default_owner or default_owner, OwnerFrom.DEFAULT),
    )
    owner, owner_from = next(((name, how) for name, how in claims if name), (None, None))
    return Subject(
        ref=ref,
        arn=arn,
        owner=owner,
        owner_from=owner_from,
        tags=tags_of(item) if item else {},
    )


def with_tags(resource_type: ResourceType, pointers: frozenset[str]) -> frozenset[str]:
    """Return what to read of a type so that its owner is known; nothing where no rule judges it."""
    names = resource_type.schema["properties"]["properties"].get("properties", {})
    return pointers | {TAGS_POINTER} if pointers and "Tags" in names else pointers


def _pairs(item: ConfigurationItem) -> list[tuple[str, Any]]:
    tags = item.properties.get("Tags")
    given = [tag for tag in tags if isinstance(tag, Mapping)] if isinstance(tags, list) else []
    return [(tag["Key"], tag.get("Value")) for tag in given if isinstance(tag.get("Key"), str)]


def _bounded(value: Any) -> str:
    return text(value.strip())[:VALUE_LIMIT_CHARS] if isinstance(value, str) else ""
