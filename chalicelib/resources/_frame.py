"""Describe any resource through its type's declarations: facets become items, failures become gaps.

An item holds what was asked for and nothing else: the names filled by the facets that the wanted
pointers need. So "closed" is relative: judge an item against `schema_for` with the same pointers,
never against the type's whole schema. A name that a wanted facet could not read is there, as
``None`` under a gap; a name of a facet nobody wanted is not there at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol

import msgspec

from chalicelib.errors import PermanentError, RetryableError
from chalicelib.model import (
    ConfigurationItem,
    Facet,
    FacetReading,
    Fact,
    Gap,
    GapReason,
    Page,
    ResourceRef,
    ResourceType,
    SweepRequest,
)
from chalicelib.model.pointer import EACH, pointer_of, tokens_of, touches
from chalicelib.resources._declared import (
    facets_for,
    facts_for,
    names_of,
    schema_for,
    shape_of,
)
from chalicelib.resources._errors import READ_ERRORS, gaps_from, is_passing, name_of
from chalicelib.resources._owner import owner_of
from chalicelib.resources._plain import plain
from chalicelib.resources._shape import misshapen

__all__ = [
    "UNTIMED",
    "derive",
    "describe",
    "facets_for",
    "fingerprint",
    "listed",
    "owner_of",
    "page",
    "schema_for",
]

#: Times of an item that a type's `list` built: the frame, which has the clock, replaces them.
UNTIMED = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """The time, in UTC, truncated to milliseconds."""

    def now(self) -> datetime:
        """Return the current instant."""


def describe(
    aws: Any,
    resource_type: ResourceType,
    ref: ResourceRef,
    pointers: frozenset[str],
    clock: Clock,
) -> ConfigurationItem | None:
    """Describe what `pointers` need, facts derived; None where AWS says it does not exist."""
    started_at = clock.now()
    reading = _read(aws, ref, facets_for(resource_type, pointers))
    if reading is None:
        return None
    item = replace(listed(ref, reading), started_at=started_at, ended_at=clock.now())
    return derive(resource_type, item, pointers)


def page(
    aws: Any,
    resource_type: ResourceType,
    request: SweepRequest,
    pointers: frozenset[str],
    clock: Clock,
) -> Page:
    """Return a page of a type's population; whole items hold what `describe` would have given.

    Raises:
        RetryableError: AWS throttled or was away.
        PermanentError: AWS refuses the listing, or answered what is no listing.
    """
    started_at = clock.now()
    found = _list(aws, resource_type, request)
    facets = facets_for(resource_type, pointers)
    whole = (_completed(aws, _within(item, request), facets) for item in found.items)
    items = tuple(
        derive(resource_type, replace(item, started_at=started_at, ended_at=clock.now()), pointers)
        for item in whole
        if item is not None
    )
    refs = tuple(replace(ref, partition=request.partition) for ref in found.refs)
    return replace(found, items=items, refs=refs)


def listed(ref: ResourceRef, *readings: FacetReading) -> ConfigurationItem:
    """Build an item without times and facts from readings: what a type's `list` returns."""
    unique_ids = (reading.unique_id for reading in readings if reading.unique_id)
    unique_id = next(unique_ids, ref.unique_id)
    return ConfigurationItem(
        ref=replace(ref, unique_id=unique_id),
        properties=_merged(reading.properties for reading in readings),
        observed=_merged(reading.observed for reading in readings),
        gaps=tuple(gap for reading in readings for gap in reading.gaps),
        companions=tuple(sorted({key for reading in readings for key in reading.companions})),
        started_at=UNTIMED,
        ended_at=UNTIMED,
    )


def derive(
    resource_type: ResourceType, item: ConfigurationItem, pointers: frozenset[str]
) -> ConfigurationItem:
    """Add the wanted facts; a fact whose inputs are unread or misshapen gets a gap of its own.

    No `Fact.compute` ever sees an input that breaks the type's schema.
    """
    derived: dict[str, Any] = {}
    gaps = list(item.gaps)
    for fact in facts_for(resource_type, pointers):
        broken = _misshapen_inputs(resource_type, item, fact)
        unread = () if broken else _unread_inputs(item, fact)
        unknown = broken or (unread and not fact.partial)
        derived[fact.name] = None if unknown else fact.compute(item)
        own = pointer_of(("derived", fact.name))
        gaps += [replace(gap, pointer=own) for gap in (*unread, *broken)]
    return replace(item, derived=derived, gaps=tuple(dict.fromkeys(gaps)))


def fingerprint(resource_type: ResourceType, item: ConfigurationItem) -> str:
    """Hash what was described, without volatile and unread parts."""
    document: Any = {"properties": item.properties, "observed": item.observed}
    for pointer in (*resource_type.volatile, *(gap.pointer for gap in item.gaps)):
        document = _without(document, tokens_of(pointer))
    return sha256(msgspec.json.encode(document, order="sorted")).hexdigest()


def _read(aws: Any, ref: ResourceRef, facets: Iterable[Facet]) -> FacetReading | None:
    """Read facets one after the other; the first that finds nothing ends it."""
    readings = []
    for facet in facets:
        reading = _reading(aws, ref, facet)
        if reading is None:
            return None
        readings.append(reading)
    whole = listed(ref, *readings)
    return FacetReading(
        properties=plain(whole.properties),
        observed=plain(whole.observed),
        gaps=whole.gaps,
        companions=whole.companions,
        unique_id=whole.ref.unique_id,
    )


def _reading(aws: Any, ref: ResourceRef, facet: Facet) -> FacetReading | None:
    try:
        return facet.read(aws, ref)
    except READ_ERRORS as error:
        return _unread(facet, error)


def _unread(facet: Facet, error: Exception) -> FacetReading:
    names = names_of((facet,))
    return FacetReading(
        properties=dict.fromkeys(names["properties"]),
        observed=dict.fromkeys(names["observed"]),
        gaps=gaps_from(error, facet),
    )


def _list(aws: Any, resource_type: ResourceType, request: SweepRequest) -> Page:
    try:
        return resource_type.list(aws, request.account_id, request.region, request.token)
    except READ_ERRORS as error:
        message = f"{request.type} in {request.account_id} {request.region}: {name_of(error)}"
        raise (RetryableError if is_passing(error) else PermanentError)(message) from error


def _within(item: ConfigurationItem, request: SweepRequest) -> ConfigurationItem:
    """Say the partition, which a type's `list` is not told."""
    return replace(item, ref=replace(item.ref, partition=request.partition))


def _completed(
    aws: Any, item: ConfigurationItem, facets: tuple[Facet, ...]
) -> ConfigurationItem | None:
    """Cut a listed item to the names that `facets` fill; read the facets it does not cover."""
    missing = tuple(facet for facet in facets if not _covers(item, facet))
    reading = _read(aws, item.ref, missing)
    if reading is None:
        return None
    names = names_of(facets)
    base = FacetReading(
        properties=plain(_only(item.properties, names["properties"])),
        observed=plain(_only(item.observed, names["observed"])),
        gaps=tuple(gap for gap in item.gaps if _section_name(gap.pointer, names)),
        companions=item.companions,
        unique_id=item.ref.unique_id,
    )
    return listed(item.ref, base, reading)


def _covers(item: ConfigurationItem, facet: Facet) -> bool:
    document = {"properties": item.properties, "observed": item.observed}
    return all(name in document[section] for section, name in map(tokens_of, facet.pointers))


def _section_name(pointer: str, names: Mapping[str, tuple[str, ...]]) -> bool:
    section, name = tokens_of(pointer)[:2]
    return name in names.get(section, ())


def _unread_inputs(item: ConfigurationItem, fact: Fact) -> tuple[Gap, ...]:
    """Return the gaps that leave the fact uncertain."""
    inputs = [tokens_of(given) for given in fact.inputs]
    gaps = tuple(
        gap for gap in item.gaps if any(touches(tokens_of(gap.pointer), given) for given in inputs)
    )
    return () if gaps and fact.settled and fact.settled(item) else gaps


def _misshapen_inputs(
    resource_type: ResourceType, item: ConfigurationItem, fact: Fact
) -> tuple[Gap, ...]:
    """Return a gap for each input that is missing or breaks its schema outside known gaps."""
    document: Mapping[str, Mapping[str, Any]] = {
        "properties": item.properties,
        "observed": item.observed,
    }
    known = tuple(tokens_of(gap.pointer) for gap in item.gaps)
    names = dict.fromkeys(tokens_of(given)[:2] for given in fact.inputs)
    broken = [
        (section, name)
        for section, name in names
        if misshapen(
            document[section], (section, name), shape_of(resource_type, section, name), known
        )
    ]
    return tuple(_misshapen_gap(resource_type, place) for place in broken)


def _misshapen_gap(resource_type: ResourceType, place: tuple[str, ...]) -> Gap:
    pointer = pointer_of(place)
    calls = (facet.calls[0] for facet in resource_type.facets if pointer in facet.pointers)
    return Gap(
        pointer=pointer,
        reason=GapReason.MALFORMED,
        call=next(calls, ""),
        error="UnexpectedShape",
    )


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


def _merged(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


def _only(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in names}
