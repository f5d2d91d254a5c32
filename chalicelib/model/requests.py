"""Work that Vigil queues for itself: a message is one of these, or an EventBridge envelope."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.errors import InvalidRecordError
from chalicelib.model.change import Change, Touch
from chalicelib.model.finding import Reason
from chalicelib.model.resource import ResourceRef
from chalicelib.model.wire import wire_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A sweep whose findings are told as one summary.

    Attributes:
        first: The account was never swept before; otherwise the rules are new.
        since: End of the last sweep that was told as one; what new rules found after it, in this
            sweep or in a live look before it, is told with this one. None: everything.
    """

    id: str
    account_id: str
    started_at: datetime
    bundle: str
    first: bool
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSweep:
    """The last sweep of an account that was told as one: its rules, and when it was summarised."""

    bundle: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRequest:
    """Ask for a look at one resource.

    Attributes:
        reason: ``change`` for a live event or its confirming look, ``companion``, ``time``,
            ``first-look``.
        change: The event behind it, without touches and companions, or None.
        touch: What that event wrote, in pointers of this resource; None without an event.
        confirmation: 0 for a first look, then 1, 2 for the confirming ones.
        sweep: The told-as-one-summary sweep this look is a task of, or None.
    """

    ref: ResourceRef
    reason: Reason
    change: Change | None = None
    touch: Touch | None = None
    confirmation: int = 0
    sweep: Sweep | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRequest:
    """Ask for a page of every resource of a type in an account and Region.

    Attributes:
        token: Continuation token of the type's ``list``; None for the first page.
        sweep: The told-as-one-summary sweep this is a task of, or None for a routine one.
        change: A companion's change that made the whole account due, or None.
        nameless: Rows of earlier pages that did not say which resource they are.
    """

    account_id: str
    region: str
    type: str
    partition: str = "aws"
    token: str | None = None
    sweep: Sweep | None = None
    change: Change | None = None
    touch: Touch | None = None
    nameless: int = 0

    @property
    def task(self) -> str:
        """Name of this listing among a sweep's tasks; the same for each of its pages."""
        return f"list#{self.region}#{self.type}"


#: Top-level key that tells our own messages from EventBridge envelopes, which have a fixed form.
_MARK = "vigil"
_KINDS: dict[str, type[LookRequest] | type[SweepRequest]] = {
    "look": LookRequest,
    "sweep": SweepRequest,
}


def message_from(request: LookRequest | SweepRequest) -> str:
    """Write a request as a queue message."""
    kind = "look" if isinstance(request, LookRequest) else "sweep"
    return wire_json({_MARK: kind, "request": request})


def request_from(body: str) -> LookRequest | SweepRequest | None:
    """Read a queue message, or return None where it is not one of ours.

    Raises:
        InvalidRecordError: It bears our mark, and is none of ours.
    """
    if not body.startswith('{"' + _MARK + '"'):
        return None
    try:
        parts: dict[str, Any] = msgspec.json.decode(body)
        return msgspec.convert(parts["request"], _KINDS[parts[_MARK]])
    except (msgspec.MsgspecError, LookupError, TypeError, ValueError, RecursionError) as error:
        # What the error says may quote the message.
        raise InvalidRecordError(f"not our own message: {type(error).__name__}") from error
