"""What wanted pointers need of a type: which facets, which facts, and the closed schema of both.

Pointers that rules read may reach deep (``/properties/Tags/*/Key``); what decides is the name,
the first two tokens. A derived name brings its fact, and the fact brings the names it reads.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.model import Facet, Fact, ResourceType
from chalicelib.model.pointer import tokens_of, touches

SECTIONS = ("properties", "observed")


def schema_for(resource_type: ResourceType, pointers: frozenset[str]) -> dict[str, Any]:
    """Return the closed JSON Schema of the item document that these `pointers` lead to.

    Values under a gap do not obey it: a judge skips what lies at or below a gap.
    """
    names = names_of(facets_for(resource_type, pointers))
    sections = {
        section: closed({name: shape_of(resource_type, section, name) for name in wanted})
        for section, wanted in names.items()
    }
    facts = facts_for(resource_type, pointers)
    sections["derived"] = closed({fact.name: fact.schema for fact in facts})
    return closed(sections)


def facets_for(resource_type: ResourceType, pointers: frozenset[str]) -> tuple[Facet, ...]:
    """Return the facets that `pointers` need: existence first, always."""
    facts = facts_for(resource_type, pointers)
    raw = [*pointers, *(given for fact in facts for given in fact.inputs)]
    wanted = [tokens_of(pointer) for pointer in raw]
    needed = (facet for facet in resource_type.facets if facet.existence or _fills(facet, wanted))
    return tuple(sorted(needed, key=lambda facet: not facet.existence))


def facts_for(resource_type: ResourceType, pointers: frozenset[str]) -> tuple[Fact, ...]:
    """Return the facts that `pointers` name."""
    wanted = {tokens_of(pointer)[:2] for pointer in pointers}
    return tuple(fact for fact in resource_type.facts if ("derived", fact.name) in wanted)


def shape_of(resource_type: ResourceType, section: str, name: str) -> Mapping[str, Any]:
    """Return the schema of one name of an item, e.g. of ``properties``, ``Tags``."""
    shape: Mapping[str, Any] = resource_type.schema["properties"][section]["properties"][name]
    return shape


def names_of(facets: Iterable[Facet]) -> dict[str, tuple[str, ...]]:
    """Return, for each section, the names that `facets` fill."""
    pairs = {tokens_of(pointer) for facet in facets for pointer in facet.pointers}
    return {
        section: tuple(sorted(name for owner, name in pairs if owner == section))
        for section in SECTIONS
    }


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an object that has each of `properties` and nothing else."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _fills(facet: Facet, wanted: list[tuple[str, ...]]) -> bool:
    return any(touches(tokens_of(own), tokens) for own in facet.pointers for tokens in wanted)
