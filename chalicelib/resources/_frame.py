"""Describe any resource through its type's declarations: facets become items, failures become gaps.

An item holds what was asked for and nothing else: the names filled by the facets that the wanted
pointers need. So "closed" is relative: judge an item against `schema_for` with the same pointers,
never against the type's whole schema. A name that a wanted facet could not read is there, as
``None`` under a gap; a name of a facet nobody wanted is not there at all.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from chalicelib.errors import NotOfferedError, PermanentError, RetryableError, VigilError
from chalicelib.model import (
    ConfigurationItem,
    Facet,
    FacetReading,
    Gap,
    Page,
    ResourceRef,
    ResourceType,
    SweepRequest,
)
from chalicelib.model.pointer import tokens_of
from chalicelib.resources._declared import facets_for, names_of, schema_for
from chalicelib.resources._deriving import derive, derive_into
from chalicelib.resources._errors import (
    READ_ERRORS,
    gaps_from,
    is_not_offered,
    is_passing,
    is_unanswered,
    name_of,
)
from chalicelib.resources._fingerprint import fingerprint
from chalicelib.resources._owner import owner_of, subject_for, with_tags
from chalicelib.resources._plain import TooDeepError, plain
from chalicelib.resources._plan import plan_for

__all__ = [
    "UNEXPECTED",
    "UNTIMED",
    "derive",
    "describe",
    "facets_for",
    "fingerprint",
    "listed",
    "owner_of",
    "page",
    "schema_for",
    "subject_for",
    "with_tags",
]

#: What code that reads an answer raises where the answer has a shape that nobody expected.
UNEXPECTED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

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
    plan = plan_for(resource_type, pointers)
    started_at = clock.now()
    readings = _read(aws, ref, plan.facets)
    if readings is None:
        return None
    derived: dict[str, Any] = {}
    look = (started_at, clock.now())
    try:
        item = _assembled(ref, readings, _plain, derived, look)
    except TooDeepError:
        readings = [_bounded(*pair) for pair in zip(plan.facets, readings, strict=True)]
        item = _assembled(ref, readings, _plain, derived, look)
    gaps = derive_into(derived, resource_type, item, plan, _sound(readings))
    return item if gaps == item.gaps else replace(item, gaps=gaps)


def page(
    aws: Any,
    resource_type: ResourceType,
    request: SweepRequest,
    pointers: frozenset[str],
    clock: Clock,
) -> Page:
    """Return a page of a type's population; whole items hold what `describe` would have given.

    An item that cannot be completed is given as a reference: it fails by itself when looked at.

    Raises:
        RetryableError: AWS throttled or was away.
        NotOfferedError: The Region does not have the service.
        PermanentError: AWS refuses the listing, or answered what is no listing or leads nowhere.
    """
    started_at = clock.now()
    found = _list(aws, resource_type, request)
    facets = facets_for(resource_type, pointers)
    items: list[ConfigurationItem] = []
    refs = [replace(ref, partition=request.partition) for ref in found.refs]
    for raw in found.items:
        item = _within(raw, request)
        try:
            full = _completed(aws, item, facets)
            if full is not None:
                timed = replace(full, started_at=started_at, ended_at=clock.now())
                items.append(derive(resource_type, timed, pointers))
        except UNEXPECTED:
            refs.append(item.ref)
    return replace(found, items=tuple(items), refs=tuple(refs))


def listed(ref: ResourceRef, *readings: FacetReading) -> ConfigurationItem:
    """Build an item without times and facts from readings: what a type's `list` returns."""
    return _assembled(ref, readings, _as_it_is, {}, (UNTIMED, UNTIMED))


def _read(aws: Any, ref: ResourceRef, facets: Iterable[Facet]) -> list[FacetReading] | None:
    """Read facets one after the other; the first that finds nothing ends it.

    A service that answered nothing at all is not asked again in the same look.
    """
    readings = []
    silent: dict[str, Exception] = {}
    for facet in facets:
        reading = _reading(aws, ref, facet, silent)
        if reading is None:
            return None
        readings.append(reading)
    return readings


def _assembled(
    ref: ResourceRef,
    readings: Iterable[FacetReading],
    clean: Callable[[Mapping[str, Any], str, frozenset[str]], Mapping[str, Any]],
    derived: dict[str, Any],
    look: tuple[datetime, datetime],
) -> ConfigurationItem:
    properties: dict[str, Any] = {}
    observed: dict[str, Any] = {}
    gaps: tuple[Gap, ...] = ()
    companions: tuple[str, ...] = ()
    unique_id: str | None = None
    for reading in readings:
        if reading.properties:
            properties |= clean(reading.properties, "/properties/", reading.sound)
        if reading.observed:
            observed |= clean(reading.observed, "/observed/", reading.sound)
        gaps += reading.gaps
        companions += reading.companions
        unique_id = unique_id or reading.unique_id
    return ConfigurationItem(
        ref=replace(ref, unique_id=unique_id) if unique_id else ref,
        properties=properties,
        observed=observed,
        derived=derived,
        gaps=gaps,
        companions=tuple(sorted(set(companions))) if companions else (),
        started_at=look[0],
        ended_at=look[1],
    )


def _as_it_is(
    values: Mapping[str, Any], _section: str, _sound: frozenset[str]
) -> Mapping[str, Any]:
    return values


def _plain(values: Mapping[str, Any], section: str, sound: frozenset[str]) -> Mapping[str, Any]:
    return {
        name: value if section + name in sound else plain(value) for name, value in values.items()
    }


def _bounded(facet: Facet, reading: FacetReading) -> FacetReading:
    """Return a reading, or a gap in its place where it nests deeper than any engine follows."""
    try:
        _plain(reading.properties, "/properties/", reading.sound)
        _plain(reading.observed, "/observed/", reading.sound)
    except TooDeepError as error:
        return replace(_unread(facet, error), unique_id=reading.unique_id)
    return reading


def _sound(readings: list[FacetReading]) -> frozenset[str]:
    """Return the pointers that readings vouch for; no name is filled by two of them."""
    if len(readings) == 1:
        return readings[0].sound
    return frozenset([pointer for reading in readings for pointer in reading.sound])


def _reading(
    aws: Any, ref: ResourceRef, facet: Facet, silent: dict[str, Exception]
) -> FacetReading | None:
    if silent and _service_of(facet) in silent:
        return _unread(facet, silent[_service_of(facet)])
    try:
        return facet.read(aws, ref)
    except READ_ERRORS as error:
        if is_unanswered(error):
            silent[_service_of(facet)] = error
        return _unread(facet, error)


def _service_of(facet: Facet) -> str:
    return facet.calls[0].partition(":")[0]


def _unread(facet: Facet, error: Exception) -> FacetReading:
    names = names_of((facet,))
    return FacetReading(
        properties=dict.fromkeys(names["properties"]),
        observed=dict.fromkeys(names["observed"]),
        gaps=gaps_from(error, facet),
    )


def _list(aws: Any, resource_type: ResourceType, request: SweepRequest) -> Page:
    where = f"{request.type} in {request.account_id} {request.region}"
    try:
        found = resource_type.list(aws, request.account_id, request.region, request.token)
    except READ_ERRORS as error:
        raise _kind_of(error)(f"{where}: {name_of(error)}") from error
    if found.next_token is not None and found.next_token == request.token:
        # Each page queues the next one: this one would queue itself for ever.
        raise PermanentError(f"{where}: the listing repeats its token")
    return found


def _kind_of(error: Exception) -> type[VigilError]:
    if is_not_offered(error):
        return NotOfferedError
    return RetryableError if is_passing(error) else PermanentError


def _within(item: ConfigurationItem, request: SweepRequest) -> ConfigurationItem:
    """Say the partition, which a type's `list` is not told."""
    return replace(item, ref=replace(item.ref, partition=request.partition))


def _completed(
    aws: Any, item: ConfigurationItem, facets: tuple[Facet, ...]
) -> ConfigurationItem | None:
    """Cut a listed item to the names that `facets` fill; read the facets it does not cover."""
    missing = tuple(facet for facet in facets if not _covers(item, facet))
    readings = _read(aws, item.ref, missing)
    if readings is None:
        return None
    names = names_of(facets)
    base = FacetReading(
        properties=_only(item.properties, names["properties"]),
        observed=_only(item.observed, names["observed"]),
        gaps=tuple(gap for gap in item.gaps if _section_name(gap.pointer, names)),
        companions=item.companions,
        unique_id=item.ref.unique_id,
    )
    return _assembled(item.ref, [base, *readings], _plain, {}, (UNTIMED, UNTIMED))


def _covers(item: ConfigurationItem, facet: Facet) -> bool:
    document = {"properties": item.properties, "observed": item.observed}
    return all(name in document[section] for section, name in map(tokens_of, facet.pointers))


def _section_name(pointer: str, names: Mapping[str, tuple[str, ...]]) -> bool:
    section, name = tokens_of(pointer)[:2]
    return name in names.get(section, ())


def _only(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in names}
