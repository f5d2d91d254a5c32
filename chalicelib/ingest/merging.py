"""One event, several routes, one resource: what they say about it becomes one touch.

Order is that of the routes; a later route wins only where two propose the same pointer.
"""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.model import CompanionTouch, Touch


def touches(found: Sequence[Touch]) -> tuple[Touch, ...]:
    """Return one touch per resource."""
    if len(found) <= 1:
        # Nearly every event: saves a tenth of routing.
        return tuple(found)
    merged: dict[str, Touch] = {}
    for touch in found:
        key = touch.ref.key
        merged[key] = _both(merged[key], touch) if key in merged else touch
    return tuple(merged.values())


def companions(found: Sequence[CompanionTouch]) -> tuple[CompanionTouch, ...]:
    """Return one touch per companion and type of dependents."""
    if not found:
        return ()
    merged: dict[tuple[str, str], CompanionTouch] = {}
    for touch in found:
        key = (touch.ref.key, touch.dependent_type)
        merged[key] = _both_companions(merged[key], touch) if key in merged else touch
    return tuple(merged.values())


def _both(one: Touch, other: Touch) -> Touch:
    return replace(
        one,
        writes=tuple(dict.fromkeys(one.writes + other.writes)),
        proposed={**one.proposed, **other.proposed},
        observes={**one.observes, **other.observes},
        creates=one.creates or other.creates,
        deletes=one.deletes or other.deletes,
    )


def _both_companions(one: CompanionTouch, other: CompanionTouch) -> CompanionTouch:
    return replace(
        one,
        account_wide=one.account_wide or other.account_wide,
        writes=tuple(dict.fromkeys(one.writes + other.writes)),
        proposed={**one.proposed, **other.proposed},
    )
