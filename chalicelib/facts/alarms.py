"""How far the news of an event gets: trail, log group, metric filter, alarm, topic, a person.

Every link can be missing while the next one is there, so rows say how far one way reaches and
which value ends it. Only trails of every Region that record and send reads and writes count.

What a newcomer gets wrong: an alarm without actions, a topic to which nobody said yes, and a
pattern that names all events but two look like alarms in every list.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, TypeAlias

from chalicelib.facts._selectors import KINDS, recorded_kinds
from chalicelib.facts._watched_events import WATCHED
from chalicelib.facts.metric_filters import PatternError, matches, parse
from chalicelib.facts.trails import TRAILS_POINTER
from chalicelib.model import ConfigurationItem, Fact
from chalicelib.model.pointer import pointer_of

LOG_GROUPS_POINTER = "/observed/TrailLogGroups"
ALARMS_POINTER = "/observed/FilterAlarms"
TOPICS_POINTER = "/observed/AlarmTopics"

#: The way's end: somebody who confirmed to be told.
PERSON = "person"

#: Where a way may end before. ``unclear``: a filter whose pattern is not understood.
REACHES = ("nowhere", "log-group", "unclear", "metric", "alarm", "topic", PERSON)

_LOG_GROUPS = "TrailLogGroups"
_ALARMS = "FilterAlarms"
_TOPICS = "AlarmTopics"


#: A row, or None for a way whose end is unread.
Way: TypeAlias = dict[str, Any] | None


def fact_name(slug: str) -> str:
    """Return the name of a control's fact: ``nacl-changes`` → ``NaclChangesAlarms``."""
    return "".join(word.capitalize() for word in slug.split("-")) + "Alarms"


def ways_to_a_person(slug: str, item: ConfigurationItem) -> list[dict[str, Any]]:
    """List how far the news of a control's events gets, one row per way.

    Filters that do not match all of the control's events are no way; a log group without a way
    has one row that says so. A way whose end is unread has no row.
    """
    return [row for row in _ways(slug, item) if row is not None]


def every_way_is_read(slug: str, item: ConfigurationItem) -> bool:
    """Tell whether no gap hides where a way of this control's events ends."""
    return None not in list(_ways(slug, item))


def _ways(slug: str, item: ConfigurationItem) -> Iterator[Way]:
    groups, trails = item.observed.get(_LOG_GROUPS), item.observed.get("Trails")
    if groups is None or trails is None:
        yield None
        return
    fed = {arn: _is_fed(group, trails) for arn, group in sorted(groups.items())}
    if not any(fed.values()):
        yield None if None in fed.values() else _row("nowhere", because=LOG_GROUPS_POINTER)
        return
    for arn, truth in fed.items():
        if truth is None:
            yield None
        elif truth:
            yield from _of_group(slug, arn, groups[arn], item)


def _is_fed(group: Mapping[str, Any], trails: Mapping[str, Any]) -> bool | None:
    """Tell whether a trail that counts delivers to a log group; None where that is unread."""
    truths = [_counts(trails[arn]) for arn in group["Trails"] if arn in trails]
    if True in truths:
        return True
    return None if None in truths else False


def _counts(trail: Mapping[str, Any]) -> bool | None:
    kinds = recorded_kinds(trail)
    if not trail["IsMultiRegionTrail"] or trail["IsLogging"] is False:
        return False
    if kinds is not None and kinds != KINDS:
        return False
    return None if kinds is None or trail["IsLogging"] is None else True


def _of_group(
    slug: str, arn: str, group: Mapping[str, Any], item: ConfigurationItem
) -> Iterator[Way]:
    filters = group["MetricFilters"]
    if filters is None:
        yield None
        return
    place = pointer_of(("observed", _LOG_GROUPS, arn, "MetricFilters"))
    ways = [
        way
        for index, one in enumerate(filters)
        for way in _of_filter(slug, one, (group["Region"], f"{place}/{index}"), item)
    ]
    yield from ways or [_row("log-group", because=place)]


def _of_filter(
    slug: str, one: Mapping[str, Any], where: tuple[str, str], item: ConfigurationItem
) -> Iterator[Way]:
    """Follow one filter; nothing where it does not match all of the control's events."""
    region, place = where
    name = one["FilterName"]
    watching = None if one["IsNarrowed"] else _is_matched(one["FilterPattern"], slug)
    if watching is None:
        yield _row("unclear", name, because=place)
        return
    alarms = item.observed.get(_ALARMS)
    if not watching or alarms is None:
        yield from [None] if watching else []
        return
    found = [
        (arn, alarm)
        for arn, alarm in sorted(alarms.items())
        if alarm["Region"] == region and metrics_of((one,)) & metrics_of((alarm,))
    ]
    for arn, alarm in found:
        yield _of_alarm(name, arn, alarm, item)
    if not found:
        yield _row("metric", name, because=place)


# A pure function of its key, so sharing it is harmless.
@lru_cache(maxsize=2048)
def _is_matched(pattern: str, slug: str) -> bool | None:
    """Tell whether a pattern matches all events of a control; None where it is not understood."""
    try:
        parsed = parse(pattern)
    except PatternError:
        return None
    return all(matches(parsed, event) for event in WATCHED[slug])


def _of_alarm(name: str, arn: str, alarm: Mapping[str, Any], item: ConfigurationItem) -> Way:
    title = alarm["AlarmName"]
    if not alarm["ActionsEnabled"] or not alarm["Topics"]:
        end = "Topics" if alarm["ActionsEnabled"] else "ActionsEnabled"
        return _row("alarm", name, title, because=pointer_of(("observed", _ALARMS, arn, end)))
    topics = item.observed.get(_TOPICS) or {}
    heard = {topic: _confirmed(topics, topic) for topic in alarm["Topics"]}
    best = max(heard, key=lambda topic: heard[topic] or 0)
    place = pointer_of(("observed", _TOPICS, best, "ConfirmedSubscriptions"))
    if heard[best]:
        return _row(PERSON, name, title, because=place)
    return None if None in heard.values() else _row("topic", name, title, because=place)


def _confirmed(topics: Mapping[str, Any], arn: str) -> int | None:
    """Return how many subscriptions of a topic are confirmed; None where that is unread."""
    count: int | None = topics.get(arn, {"ConfirmedSubscriptions": None})["ConfirmedSubscriptions"]
    return count


def _row(
    reaches: str, name: str | None = None, alarm: str | None = None, *, because: str
) -> dict[str, Any]:
    return {"Filter": name, "Alarm": alarm, "Reaches": reaches, "Because": [because]}


def metrics_of(filters: Iterable[Mapping[str, Any]]) -> frozenset[tuple[str, str]]:
    """Return (namespace, name) of every metric that filters write, or alarms watch."""
    return frozenset((m["Namespace"], m["MetricName"]) for one in filters for m in one["Metrics"])


_TEXT_OR_NULL = {"type": ["string", "null"]}

WAYS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Filter": _TEXT_OR_NULL,
            "Alarm": _TEXT_OR_NULL,
            "Reaches": {"enum": list(REACHES)},
            "Because": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["Filter", "Alarm", "Reaches", "Because"],
        "additionalProperties": False,
    },
}

#: One fact per control, so that a filter of one is no news to the findings of the others.
ALARM_FACTS = tuple(
    Fact(
        name=fact_name(slug),
        inputs=(TRAILS_POINTER, LOG_GROUPS_POINTER, ALARMS_POINTER, TOPICS_POINTER),
        compute=partial(ways_to_a_person, slug),
        schema=WAYS_SCHEMA,
        partial=True,
        settled=partial(every_way_is_read, slug),
    )
    for slug in WATCHED
)
