"""What types have in common whose resource carries a policy: its text, its fact, its payload.

To give a type a policy: put `POLICY_SCHEMA` at the pointer, let the facet fill it with
`policy_from`, add `policy_fact(pointer, kind)`; and for the calls that write it, a route with
``propose=proposed_policy(pointer, path)`` and ``derive=derived_openings(path, kind)``, and
``change_facts=POLICY_CHANGE_FACTS``.

`kind` is the service prefix of the resource's actions: ``sqs``, ``kms``, ``lambda``.
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
    "POLICY_SCHEMA",
    "derived_openings",
    "policy_fact",
    "policy_from",
    "proposed_policy",
]

#: Name of the fact, on items as on changes: whom the policy lets in (`facts.policy.openings`).
POLICY_OPENINGS = "PolicyOpenings"

POLICY_CHANGE_FACTS: Mapping[str, Mapping[str, Any]] = {POLICY_OPENINGS: OPENINGS_SCHEMA}


def policy_from(document: Any) -> dict[str, Any] | None:
    """Normalise a described policy (text or mapping); None for no policy or an empty text.

    Raises:
        PolicyError: It is no policy: a gap, never "no policy".
    """
    return normalise_policy(plain(document))


def policy_fact(pointer: str, kind: str) -> Fact:
    """Return the fact ``PolicyOpenings`` of the policy at `pointer`; reasons point at it."""

    def compute(item: ConfigurationItem) -> list[dict[str, Any]]:
        section, name = tokens_of(pointer)
        values = item.properties if section == "properties" else item.observed
        return _placed(openings(values[name], account_id=item.ref.account_id, kind=kind), pointer)

    return Fact(name=POLICY_OPENINGS, inputs=(pointer,), compute=compute, schema=OPENINGS_SCHEMA)


def proposed_policy(pointer: str, *path: str) -> Callable[[Record], Mapping[str, Any]]:
    """Return a `Route.propose`: the policy at `path` of the request parameters, normalised."""

    def propose(record: Record) -> Mapping[str, Any]:
        policy = _policy_at(record, path)
        return {} if policy is None else {pointer: policy}

    return propose


def derived_openings(kind: str, *path: str) -> Callable[[Record], Mapping[str, Any]]:
    """Return a `Route.derive`: whom the policy at `path` of the request parameters lets in."""

    def derive(record: Record) -> Mapping[str, Any]:
        account_id = str(record.get("recipientAccountId") or "")
        rows = openings(_policy_at(record, path), account_id=account_id, kind=kind)
        return {POLICY_OPENINGS: rows}

    return derive


def _policy_at(record: Record, path: Iterable[str]) -> dict[str, Any] | None:
    value: Any = parameters_of(record)
    for name in path:
        value = field(value, name)
    try:
        return normalise_policy(value)
    except PolicyError:
        return None


def _placed(rows: Iterable[Mapping[str, Any]], pointer: str) -> list[dict[str, Any]]:
    return [{**row, "Because": [pointer + place for place in row["Because"]]} for row in rows]
