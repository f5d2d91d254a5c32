"""What wanted pointers make of a type, worked out once: which facets, which facts, which shapes.

The same pointers come with every look, for they are those of the enabled rules.
"""

from dataclasses import dataclass
from functools import lru_cache

from jsonschema_rs import Draft202012Validator

from chalicelib.model import Facet, Fact, ResourceType
from chalicelib.model.identity import ByIdentity
from chalicelib.model.pointer import pointer_of, tokens_of
from chalicelib.resources._declared import facets_for, facts_for, shape_of
from chalicelib.resources._shape import Tokens, validator_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One name of an item that a fact is computed from."""

    section: str
    name: str
    pointer: str
    shape: Draft202012Validator


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFact:
    """A fact with everything prepared that computing it needs."""

    fact: Fact
    pointer: str
    tokens: tuple[Tokens, ...]
    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a look at a resource takes."""

    facets: tuple[Facet, ...]
    facts: tuple[PlannedFact, ...]


def plan_for(resource_type: ResourceType, pointers: frozenset[str]) -> Plan:
    """Return the plan of a look that `pointers` ask for."""
    return _plan(ByIdentity(resource_type), pointers)


# A pure function of its key, so sharing it is harmless.
@lru_cache(maxsize=512)
def _plan(key: ByIdentity[ResourceType], pointers: frozenset[str]) -> Plan:
    resource_type = key.value
    return Plan(
        facets=facets_for(resource_type, pointers),
        facts=tuple(_planned(resource_type, fact) for fact in facts_for(resource_type, pointers)),
    )


def _planned(resource_type: ResourceType, fact: Fact) -> PlannedFact:
    tokens = tuple(tokens_of(given) for given in fact.inputs)
    return PlannedFact(
        fact=fact,
        pointer=pointer_of(("derived", fact.name)),
        tokens=tokens,
        inputs=tuple(
            Input(
                section=section,
                name=name,
                pointer=pointer_of((section, name)),
                shape=validator_of(shape_of(resource_type, section, name)),
            )
            for section, name in dict.fromkeys((given[0], given[1]) for given in tokens)
        ),
    )
