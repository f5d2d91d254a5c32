"""AWS as a script: each call is answered with the reply a test gives it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.model import ConfigurationItem, GapReason, ResourceRef, ResourceType, SweepRequest
from chalicelib.model.pointer import pointer_of
from chalicelib.resources import _frame

ACCOUNT = "111122223333"
REGION = "eu-west-1"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

Reply = Any


class StoppedClock:
    """A clock that shows noon for ever."""

    def now(self) -> datetime:
        """Return noon."""
        return NOON


@dataclass
class ScriptedAws:
    """Answers each call with its reply: a value, an error to raise, or a list of both in turn."""

    replies: dict[str, Reply]
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def asked(self) -> list[str]:
        """The calls, without what they were given."""
        return [operation for operation, _ in self.calls]

    def client(self, _service: str, *, account_id: str, region: str) -> "ScriptedAws":
        """Return the one client there is."""
        assert (account_id, region) == (ACCOUNT, REGION)
        return self

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def ask(**given: Any) -> Any:
            self.calls.append((operation, given))
            reply = self.replies[operation]
            answer = reply.pop(0) if isinstance(reply, list) else reply
            if isinstance(answer, Exception):
                raise answer
            return answer

        return ask


def refusal(code: str, operation: str = "Any") -> ClientError:
    """Build the error of a call that AWS did not carry out."""
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


def ref(kind: ResourceType, name: str) -> ResourceRef:
    """Name a resource of the one account and Region."""
    return ResourceRef(account_id=ACCOUNT, region=REGION, type=kind.type, id=name)


def everything(kind: ResourceType) -> frozenset[str]:
    """Return the pointers of all that a type can say."""
    facts = {pointer_of(("derived", fact.name)) for fact in kind.facts}
    return frozenset(facts | {pointer for facet in kind.facets for pointer in facet.pointers})


def look(aws: ScriptedAws, kind: ResourceType, name: str = "x") -> ConfigurationItem | None:
    """Describe all of a resource."""
    return _frame.describe(aws, kind, ref(kind, name), everything(kind), StoppedClock())


def page(aws: ScriptedAws, kind: ResourceType, token: str | None = None) -> Any:
    """List a page of names and of what the listing itself says."""
    request = SweepRequest(account_id=ACCOUNT, region=REGION, type=kind.type, token=token)
    return _frame.page(aws, kind, request, frozenset(), StoppedClock())


def gaps(item: ConfigurationItem | None) -> dict[str, tuple[GapReason, str]]:
    """Return pointer → reason and call of an item that must exist."""
    assert item is not None
    return {gap.pointer: (gap.reason, gap.call) for gap in item.gaps}
