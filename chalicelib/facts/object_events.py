"""Which trails record what is done to S3 objects, reads and writes told apart.

Management events say nothing of objects: they are recorded only where a selector asks for them,
and a selector can stop at one bucket, one prefix or one call. As in `trails`, one multi-Region
trail has to record all reads, and one, not necessarily the same, all writes.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from chalicelib.facts._selectors import recorded_object_kinds
from chalicelib.facts.trails import COMPLETE, TRAILS_POINTER
from chalicelib.model import ConfigurationItem, Fact
from chalicelib.model.pointer import pointer_of

#: What keeps a trail from counting, worst first; ``absent`` stands for having no trail at all.
SHORTFALLS = (
    "absent",
    "single-region",
    "stopped",
    "delivery-failing",
    "unrecorded",
    "narrowed",
)


def object_event_trails(item: ConfigurationItem, kind: str) -> list[dict[str, Any]]:
    """List every trail of which it is proven whether it records all events of a kind.

    A row says in ``Recording`` either ``complete`` or the worst proven shortfall. An account
    without any trail gets one row without a trail. A trail whose state is partly unread appears
    only if what was read already disqualifies it.

    Args:
        item: The account.
        kind: ``read`` or ``write``.
    """
    trails = item.observed.get("Trails")
    if trails is None:
        return []
    if not trails:
        return [_row(None, "absent", ())]
    rows = (_judged(arn, trail, kind) for arn, trail in sorted(trails.items()))
    return [row for row in rows if row is not None]


def every_object_trail_is_judged(item: ConfigurationItem, kind: str) -> bool:
    """Tell whether no gap can make one trail more, or one less, count."""
    trails = item.observed.get("Trails")
    return trails is not None and len(object_event_trails(item, kind)) == max(len(trails), 1)


def _judged(arn: str, trail: Mapping[str, Any], kind: str) -> dict[str, Any] | None:
    for recording, attribute in _shortfalls(trail, kind):
        return _row(arn, recording, (attribute,))
    if trail["IsLogging"] is None or recorded_object_kinds(trail, narrowed=False) is None:
        return None
    return _row(arn, COMPLETE, ())


def _shortfalls(trail: Mapping[str, Any], kind: str) -> Iterator[tuple[str, str]]:
    """Yield each proven shortfall with the attribute it rests on, worst first."""
    if not trail["IsMultiRegionTrail"]:
        yield "single-region", "IsMultiRegionTrail"
    if trail["IsLogging"] is False:
        yield "stopped", "IsLogging"
    if trail["LatestDeliveryError"]:
        yield "delivery-failing", "LatestDeliveryError"
    used = "AdvancedEventSelectors" if trail["AdvancedEventSelectors"] else "EventSelectors"
    for shortfall, narrowed in (("unrecorded", True), ("narrowed", False)):
        kinds = recorded_object_kinds(trail, narrowed=narrowed)
        if kinds is not None and kind not in kinds:
            yield shortfall, used


def _row(arn: str | None, recording: str, attributes: Iterable[str]) -> dict[str, Any]:
    place = ("observed", "Trails") if arn is None else ("observed", "Trails", arn)
    return {
        "Trail": arn,
        "Recording": recording,
        "Because": [pointer_of((*place, *attributes))],
    }


OBJECT_EVENT_TRAILS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Trail": {"type": ["string", "null"]},
            "Recording": {"enum": [COMPLETE, *SHORTFALLS]},
            "Because": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["Trail", "Recording", "Because"],
        "additionalProperties": False,
    },
}


def _fact(name: str, kind: str) -> Fact:
    return Fact(
        name=name,
        inputs=(TRAILS_POINTER,),
        compute=partial(object_event_trails, kind=kind),
        schema=OBJECT_EVENT_TRAILS_SCHEMA,
        partial=True,
        settled=partial(every_object_trail_is_judged, kind=kind),
    )


# Two facts: the one who left reads out must not be sought among the reasons for writes.
OBJECT_READ_TRAILS = _fact("ObjectReadTrails", "read")
OBJECT_WRITE_TRAILS = _fact("ObjectWriteTrails", "write")
