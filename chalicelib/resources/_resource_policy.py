"""What types have in common whose resource carries a policy: its text, its fact, its payload.

To give a type a policy: put `POLICY_SCHEMA` at the pointer, let the facet fill it with
`policy_from`, add `policy_fact(pointer, kind)`; and for the calls that write it, a route with
``propose=proposed_policy(pointer, *path)`` and ``derive=derived_openings(kind, *path)``, and
``change_facts=POLICY_CHANGE_FACTS``. Calls that carry a policy only under a condition (SNS's
``attributeName``) or add one statement (`_added_permission`) bring a `PolicyReader` of their own.

`kind` is the service prefix of the resource's actions: ``sqs``, ``kms``, ``lambda``.

What a newcomer gets wrong: a payload without a policy proposes nothing, and what is not proposed
is blamed on whoever made the call. A call that can leave the policy alone proposes `UNTOUCHED`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chalicelib.facts.policy import (
    OPENINGS_SCHEMA,
    POLICY_SCHEMA,
    PolicyError,
    normalise_policy,
    openings,
)
from chalicelib.model import ConfigurationItem, Fact
from chalicelib.model.plugin import Record
from chalicelib.model.pointer import tokens_of
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._plain import plain

__all__ = [
    "POLICY_CHANGE_FACTS",
    "POLICY_OPENINGS",
    "POLICY_SCHEMA",
    "UNTOUCHED",
    "PolicyReader",
    "derived_openings",
    "openings_by",
    "policy_at",
    "policy_fact",
    "policy_from",
    "proposed_by",
    "proposed_policy",
    "proposes",
]

#: Name of the fact, on items as on changes: whom the policy lets in (`facts.policy.openings`).
POLICY_OPENINGS = "PolicyOpenings"

POLICY_CHANGE_FACTS: Mapping[str, Mapping[str, Any]] = {POLICY_OPENINGS: OPENINGS_SCHEMA}

#: Proposed by a call that wrote nothing at the pointer: it holds before and after, and carries
#: no offending value.
UNTOUCHED: Mapping[str, Any] = {}

#: Record → the policy that its payload carries, as text or object; None where it carries none.
PolicyReader = Callable[[Record], Any]

Proposal = Mapping[str, Any]


def policy_from(document: Any) -> dict[str, Any] | None:
    """Normalise a described policy (text or mapping); None for no policy or an empty text.

    Raises:
        PolicyError: It is no policy: a gap, never "no policy".
    """
    return normalise_policy(plain(document))


def policy_fact(
    pointer: str,
    kind: str,
    *,
    name: str = POLICY_OPENINGS,
    openings_of: Callable[..., list[dict[str, Any]]] = openings,
) -> Fact:
    """Return the fact `name`, whom the policy at `pointer` lets in; reasons point at it.

    Args:
        pointer: ``/properties/<Name>`` or ``/observed/<Name>``.
        kind: Service prefix of the resource's actions.
        name: Another name where an item has more than one policy.
        openings_of: Called as `facts.policy.openings`.
    """

    def compute(item: ConfigurationItem) -> list[dict[str, Any]]:
        section, member = tokens_of(pointer)
        values = item.properties if section == "properties" else item.observed
        rows = openings_of(values[member], account_id=item.ref.account_id, kind=kind)
        return _placed(rows, pointer)

    return Fact(name=name, inputs=(pointer,), compute=compute, schema=OPENINGS_SCHEMA)


def policy_at(*path: str) -> PolicyReader:
    """Return a reader of what lies at `path` of the request parameters."""

    def read(record: Record) -> Any:
        value: Any = parameters_of(record)
        for name in path:
            value = field(value, name)
        return value

    return read


def proposed_policy(pointer: str, *path: str) -> Callable[[Record], Proposal]:
    """Return a `Route.propose`: the policy at `path` of the request parameters, normalised."""
    return proposed_by(pointer, policy_at(*path))


def proposed_by(
    pointer: str, read: PolicyReader, *, otherwise: Proposal | None = None
) -> Callable[[Record], Proposal]:
    """Return a `Route.propose`: the policy that `read` finds, normalised.

    Args:
        pointer: Where the policy lies in the item.
        read: Finds the policy.
        otherwise: Proposed where the payload carries none; one that cannot be read proposes
            nothing.
    """

    def propose(record: Record) -> Proposal:
        carried = read(record)
        if carried is None:
            return otherwise or {}
        policy = _readable(carried)
        return {} if policy is None else {pointer: policy}

    return propose


def proposes(pointer: str, value: Any) -> Callable[[Record], Proposal]:
    """Return a `Route.propose` that says the same of every record."""
    return lambda _record: {pointer: value}


def derived_openings(kind: str, *path: str) -> Callable[[Record], Mapping[str, Any]]:
    """Return a `Route.derive`: whom the policy at `path` of the request parameters lets in."""
    return openings_by(kind, policy_at(*path))


def openings_by(
    kind: str, read: PolicyReader, *, name: str = POLICY_OPENINGS
) -> Callable[[Record], Mapping[str, Any]]:
    """Return a `Route.derive`: the fact `name`, whom the policy that `read` finds lets in."""

    def derive(record: Record) -> Mapping[str, Any]:
        policy = _readable(read(record))
        return {name: openings(policy, account_id=_account_in(record), kind=kind)}

    return derive


def _readable(carried: Any) -> dict[str, Any] | None:
    try:
        return normalise_policy(carried)
    except PolicyError:
        return None


def _account_in(record: Record) -> str:
    """Return the account of the resource; the caller's in old records that name no other."""
    recipient = field(record, "recipientAccountId")
    return str(recipient or field(field(record, "userIdentity"), "accountId") or "")


def _placed(rows: Iterable[Mapping[str, Any]], pointer: str) -> list[dict[str, Any]]:
    return [{**row, "Because": [pointer + place for place in row["Because"]]} for row in rows]
