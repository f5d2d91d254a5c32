"""Records and items that lead somewhere, taken all the way: what they lead to is harmless."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings

from chalicelib.model import ConfigurationItem, LookRequest, Reason, message_from
from tests.builders import envelope
from tests.hostile.corpus import TEXTS, records
from tests.hostile.harmless import assert_harmless
from tests.hostile.mutations import as_bytes
from tests.hostile.way import Way, exposed_items, way

T = TypeVar("T")

UNHURRIED = settings(
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)
QUICK, LONG = settings(UNHURRIED, max_examples=50), settings(UNHURRIED, max_examples=5_000)

#: Without these nothing is told, whatever else a record says.
ROUTING_KEYS = frozenset(
    {
        "eventSource",
        "eventName",
        "eventTime",
        "recipientAccountId",
        "type",
        "accountId",
        "eventID",
        "awsRegion",
    }
)
ID_LIMIT_BYTES = 1_024
#: One exposed item per type.
ITEMS = tuple({item.ref.type: item for item in exposed_items()}.values())
#: The default run tries each text on an eighth of what there is, neighbours on the next eighth, so
#: that all of it meets some texts; the long run tries every text on everything.
SHARES = 8
each_text = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
each_share = pytest.mark.parametrize(
    "share", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, SHARES))]
)


def share_of(of: Sequence[T], text: str, share: int) -> Sequence[T]:
    """Return those that a text is tried on."""
    first = (list(TEXTS.values()).index(text) + share) % SHARES
    return of[first::SHARES]


def after(body: bytes | str) -> Way:
    """Return what a message leads to, which is harmless."""
    done = way()
    outcome = done.process(body)
    assert_harmless(done)
    assert len(done.store.rows) == (outcome is not None)
    return done


def delivered(detail: Any) -> Way:
    """Return what a record leads to."""
    return after(as_bytes(envelope(detail)))


@cache
def told() -> tuple[Any, ...]:
    """Return one record of every call that leads to a message."""
    best: dict[tuple[str, str], tuple[int, Any]] = {}
    for detail in records():
        entries = len(delivered(detail).store.entries)
        key = (str(detail.get("eventSource")), str(detail.get("eventName")))
        if entries > best.get(key, (0, None))[0]:
            best[key] = (entries, detail)
    return tuple(detail for _, detail in best.values())


def looked_at(*items: ConfigurationItem) -> Way:
    """Look at a resource as it is described first, then next; what that leads to is harmless."""
    done = way(items[0])
    for item in items:
        done.found[item.ref.type] = item
        assert done.process(message_from(LookRequest(ref=item.ref, reason=Reason.TIME))) == "looked"
    assert_harmless(done)
    return done


def named(item: ConfigurationItem, name: str) -> ConfigurationItem:
    """Return the item under another id, as far as ids can be that long."""
    shown = name.encode("utf-8", "replace")[:ID_LIMIT_BYTES].decode("utf-8", "ignore")
    return replace(item, ref=replace(item.ref, id=shown or "x", unique_id=shown))


def tagged(item: ConfigurationItem, text: str) -> ConfigurationItem:
    """Return the item with the tag that names an owner, where it has tags."""
    if "Tags" not in item.properties:
        return item
    tags = [{"Key": "owner", "Value": text}, {"Key": text, "Value": text}]
    return replace(item, properties={**item.properties, "Tags": tags})
