"""Work that Vigil queues for itself. A queue message is one of these, or an EventBridge envelope."""

from dataclasses import dataclass

from chalicelib.model.change import Change, Touch
from chalicelib.model.finding import Reason
from chalicelib.model.resource import ResourceRef


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRequest:
    """Ask for a look at one resource.

    Attributes:
        reason: ``change`` for a live event or its confirming look, ``companion``, ``time``,
            ``first-look``.
        change: The event behind it, without touches and companions, or None.
        touch: What that event wrote, in pointers of this resource; None without an event.
        confirmation: 0 for a first look, then 1, 2 for the confirming ones.
    """

    ref: ResourceRef
    reason: Reason
    change: Change | None = None
    touch: Touch | None = None
    confirmation: int = 0
    retakes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRequest:
    """Ask for a page of every resource of a type in an account and Region.

    Attributes:
        sweep_id: Groups the messages of one sweep, e.g. ``2026-11-21T09``.
        token: Continuation token of the type's ``list``; None for the first page.
        first: True for an account that was never swept: nothing pages.
        change: A companion's change that made the whole account due, or None.
    """

    sweep_id: str
    account_id: str
    region: str
    type: str
    partition: str = "aws"
    token: str | None = None
    first: bool = False
    change: Change | None = None
    touch: Touch | None = None
