"""Which trails record every management event of an account, and what keeps the others from it.

A trail that exists is not a trail that records: it can be stopped, confined to one Region, unable
to deliver, or told by its event selectors to leave reads or writes out. One trail has to do it
all; two halves are not counted together, because the benchmarks ask for one trail.

Trails are keyed by ARN, never by position: a cause must name the very trail that was changed.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib.facts._selectors import excluded_sources, recorded_kinds
from chalicelib.model import ConfigurationItem, Fact
from chalicelib.model.pointer import pointer_of

#: Where `management_event_trails` finds the trails: ARN → attributes.
TRAILS_POINTER = "/observed/Trails"

#: What `Recording` says of a trail that counts.
COMPLETE = "complete"

#: What keeps a trail from counting, worst first; ``absent`` stands for having no trail at all.
SHORTFALLS = (
    "absent",
    "single-region",
    "stopped",
    "delivery-failing",
    "reads-unrecorded",
    "writes-unrecorded",
)

_UNRECORDED = {"read": "reads-unrecorded", "write": "writes-unrecorded"}


def management_event_trails(item: ConfigurationItem) -> list[dict[str, Any]]:
    """List every trail of which it is proven whether it records all management events.

    A row says in ``Recording`` either ``complete`` or the worst proven shortfall; ``Excluded``
    names event sources that CloudTrail lets a trail leave out without losing its count (KMS, RDS
    Data API). An account without any trail gets one row without a trail. A trail whose state is
    partly unread appears only if what was read already disqualifies it.
    """
    trails = item.observed.get("Trails")
    if trails is None:
        return []
    if not trails:
        return [_row(None, "absent", (), ())]
    rows = (_judged(arn, trail) for arn, trail in sorted(trails.items()))
    return [row for row in rows if row is not None]


def every_trail_is_judged(item: ConfigurationItem) -> bool:
    """Tell whether no gap can make one trail more, or one less, count."""
    trails = item.observed.get("Trails")
    return trails is not None and len(management_event_trails(item)) == max(len(trails), 1)


def _judged(arn: str, trail: Mapping[str, Any]) -> dict[str, Any] | None:
    for recording, attribute in _shortfalls(trail):
        return _row(arn, recording, (attribute,), excluded_sources(trail))
    if trail["IsLogging"] is None or recorded_kinds(trail) is None:
        return None
    return _row(arn, COMPLETE, (), excluded_sources(trail))


def _shortfalls(trail: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each proven shortfall with the attribute it rests on, worst first."""
    if not trail["IsMultiRegionTrail"]:
        yield "single-region", "IsMultiRegionTrail"
    if trail["IsLogging"] is False:
        yield "stopped", "IsLogging"
    if trail["LatestDeliveryError"]:
        yield "delivery-failing", "LatestDeliveryError"
    kinds = recorded_kinds(trail)
    used = "AdvancedEventSelectors" if trail["AdvancedEventSelectors"] else "EventSelectors"
    for kind, recording in _UNRECORDED.items():
        if kinds is not None and kind not in kinds:
            yield recording, used


def _row(
    arn: str | None, recording: str, attributes: Iterable[str], excluded: Iterable[str]
) -> dict[str, Any]:
    place = ("observed", "Trails") if arn is None else ("observed", "Trails", arn)
    return {
        "Trail": arn,
        "Recording": recording,
        "Excluded": list(excluded),
        "Because": [pointer_of((*place, *attributes))],
    }


_TEXTS = {"type": "array", "items": {"type": "string"}}

MANAGEMENT_EVENT_TRAILS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Trail": {"type": ["string", "null"]},
            "Recording": {"enum": [COMPLETE, *SHORTFALLS]},
            "Excluded": _TEXTS,
            "Because": _TEXTS,
        },
        "required": ["Trail", "Recording", "Excluded", "Because"],
        "additionalProperties": False,
    },
}

MANAGEMENT_EVENT_TRAILS = Fact(
    name="ManagementEventTrails",
    inputs=(TRAILS_POINTER,),
    compute=management_event_trails,
    schema=MANAGEMENT_EVENT_TRAILS_SCHEMA,
    partial=True,
    settled=every_trail_is_judged,
)
