"""Adds facts to an item: computed from sound inputs only, with a gap of their own elsewhere.

Nearly every item has no gap and no misshapen part; what that takes is done first, and all the
questions about gaps come only where there is something to ask about.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.model import ConfigurationItem, Gap, GapReason, ResourceType
from chalicelib.model.pointer import tokens_of, touches
from chalicelib.resources._declared import shape_of
from chalicelib.resources._plan import Input, Plan, PlannedFact, plan_for
from chalicelib.resources._shape import misshapen

NOTHING: frozenset[str] = frozenset()


def derive(
    resource_type: ResourceType, item: ConfigurationItem, pointers: frozenset[str]
) -> ConfigurationItem:
    """Add the wanted facts; a fact whose inputs are unread or misshapen gets a gap of its own.

    No `Fact.compute` ever sees an input that breaks the type's schema.
    """
    derived: dict[str, Any] = {}
    gaps = derive_into(derived, resource_type, item, plan_for(resource_type, pointers))
    return replace(item, derived=derived, gaps=gaps)


def derive_into(
    derived: dict[str, Any],
    resource_type: ResourceType,
    item: ConfigurationItem,
    plan: Plan,
    sound: frozenset[str] = NOTHING,
) -> tuple[Gap, ...]:
    """Write the facts of a plan into `derived`; return the item's gaps with those of facts.

    Args:
        derived: Empty.
        resource_type: The type of the item.
        item: An item without facts.
        plan: What to derive.
        sound: Pointers of values known to have their shape.
    """
    gaps = item.gaps
    for planned in plan.facts:
        if not item.gaps and _all_sound(item, planned.inputs, sound):
            derived[planned.fact.name] = planned.fact.compute(item)
        else:
            derived[planned.fact.name], own = _doubtful(resource_type, item, planned)
            gaps += own
    return tuple(dict.fromkeys(gaps)) if gaps else ()


def _all_sound(item: ConfigurationItem, inputs: tuple[Input, ...], sound: frozenset[str]) -> bool:
    for wanted in inputs:
        if wanted.pointer in sound:
            continue
        section = item.properties if wanted.section == "properties" else item.observed
        if wanted.name not in section or not wanted.shape.is_valid(section[wanted.name]):
            return False
    return True


def _doubtful(
    resource_type: ResourceType, item: ConfigurationItem, planned: PlannedFact
) -> tuple[Any, tuple[Gap, ...]]:
    """Return a fact's value, None where it must not be computed, and its gaps."""
    broken = _misshapen_inputs(resource_type, item, planned)
    unread = () if broken else _unread_inputs(item, planned)
    unknown = broken or (unread and not planned.fact.partial)
    value = None if unknown else planned.fact.compute(item)
    return value, tuple(replace(gap, pointer=planned.pointer) for gap in (*unread, *broken))


def _unread_inputs(item: ConfigurationItem, planned: PlannedFact) -> tuple[Gap, ...]:
    """Return the gaps that leave the fact uncertain."""
    gaps = tuple(
        gap
        for gap in item.gaps
        if any(touches(tokens_of(gap.pointer), given) for given in planned.tokens)
    )
    settled = planned.fact.settled
    return () if gaps and settled and settled(item) else gaps


def _misshapen_inputs(
    resource_type: ResourceType, item: ConfigurationItem, planned: PlannedFact
) -> tuple[Gap, ...]:
    """Return a gap for each input that is missing or breaks its schema outside known gaps."""
    document: Mapping[str, Mapping[str, Any]] = {
        "properties": item.properties,
        "observed": item.observed,
    }
    known = tuple(tokens_of(gap.pointer) for gap in item.gaps)
    broken = [
        wanted
        for wanted in planned.inputs
        if misshapen(
            document[wanted.section],
            (wanted.section, wanted.name),
            shape_of(resource_type, wanted.section, wanted.name),
            known,
        )
    ]
    return tuple(_misshapen_gap(resource_type, wanted.pointer) for wanted in broken)


def _misshapen_gap(resource_type: ResourceType, pointer: str) -> Gap:
    calls = (facet.calls[0] for facet in resource_type.facets if pointer in facet.pointers)
    return Gap(
        pointer=pointer,
        reason=GapReason.MALFORMED,
        call=next(calls, ""),
        error="UnexpectedShape",
    )
