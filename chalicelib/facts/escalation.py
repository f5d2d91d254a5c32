"""How whoever holds some identity policies can give himself more rights than they say.

Judged are all policies that one principal holds, together: half a combination in each of two of
them is a whole one. What a newcomer gets wrong: a row is no verdict. ``Scope`` says how far the
combination reaches; ``named`` things may be harmless, because only what they may do is gained.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from chalicelib.facts._callers import INSIDER
from chalicelib.facts._conditions import Condition, Domain, fixed, outcomes
from chalicelib.facts._escalations import COMBINATIONS, Combination, Need, Target
from chalicelib.facts._globs import has_wildcard, meets
from chalicelib.facts._statements import Denials, Denies, Statement, statements_from

#: One policy and the pointer it lies at.
Placed = tuple[str, Mapping[str, Any]]

_TEXTS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}

#: JSON Schema of `escalations`. Combinations: actions joined by " + ", in lower case. Scope:
#: ``any`` thing of its kind, ``self`` for the caller's own user, ``named`` for single things.
#: Limits: condition keys in lower case that an action hangs on, of Allows and of Denies.
#: Because: pointers.
ESCALATIONS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Combinations": _TEXTS,
            "Scope": {"enum": ["any", "self", "named"]},
            "Limits": _TEXTS,
            "Because": _TEXTS,
        },
        "required": ["Combinations", "Scope", "Limits", "Because"],
        "additionalProperties": False,
    },
}

_ANY_SERVICE = "*"
_PASSED_TO = "iam:passedtoservice"
_OWN_USER = "${aws:username}"
# What else a policy can put in stands for anything: principals may be able to tag themselves.
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_ARN_FIELDS = 6
_IAM_TARGETS = (Target.USER, Target.GROUP, Target.ROLE, Target.POLICY)


class Scope(IntEnum):
    """How far an action reaches; a combination reaches as far as its narrowest action."""

    NAMED = 0
    SELF = 1
    ANY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One action that a principal has, at its widest."""

    scope: Scope
    limits: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder:
    """All that one principal's policies say.

    Attributes:
        allows: Each Allow with the resources as they are written.
        denials: The Denies that nothing avoids.
        conditional: The Denies that hang on conditions.
    """

    allows: tuple[tuple[Statement, tuple[str, ...], str], ...]
    denials: Denials
    conditional: tuple[Statement, ...]

    @classmethod
    def of(cls, policies: Iterable[Placed]) -> "_Holder":
        every = [
            (statement, raw, pointer + statement.place)
            for pointer, policy in policies
            for statement, raw in zip(
                statements_from(policy, _ANY_SERVICE), policy["Statement"], strict=True
            )
        ]
        denies = Denies.of(statement for statement, _, _ in every)
        return cls(
            allows=tuple(
                (statement, _resources_of(raw), place)
                for statement, raw, place in every
                if statement.allows
            ),
            denials=Denials(denies, denies.binding(INSIDER)),
            conditional=tuple(s for s in denies.statements if s.conditions),
        )

    def grant(self, need: Need, combination: Combination) -> Grant | None:
        """Return the widest grant of an action that serves a combination, or None."""
        grants = [
            Grant(scope=scope, limits=self._limits(statement, need, resource), place=place)
            for statement, resources, place in self.allows
            if statement.actions.cover(need.action) and _serves(statement, combination)
            for resource in resources
            if (scope := _scope_of(resource, need.target)) is not None
            and not self.denials.on(need.action, resource)
        ]
        if combination.own_user_only:
            grants = [grant for grant in grants if grant.scope is not Scope.SELF]
        return max(grants, key=lambda grant: (grant.scope, not grant.limits), default=None)

    def _limits(self, statement: Statement, need: Need, resource: str) -> tuple[str, ...]:
        own = [c.key for c in statement.conditions if c.key != _PASSED_TO]
        denied = [
            c.key
            for deny in self.conditional
            if deny.actions.cover(need.action) and deny.resources.cover(resource)
            for c in deny.conditions
        ]
        return tuple(dict.fromkeys((*own, *denied)))


def escalations(policies: Sequence[Placed]) -> list[dict[str, Any]]:
    """Return the combinations that the holder of all these policies has (`ESCALATIONS_SCHEMA`).

    Combinations that rest on the same statements share a row.
    """
    holder = _Holder.of(policies)
    rows: dict[tuple[Any, ...], list[str]] = {}
    for combination in COMBINATIONS:
        for found in _held(holder, combination):
            rows.setdefault(found, []).append(combination.name)
    return [
        {
            "Combinations": names,
            "Scope": scope.name.lower(),
            "Limits": list(limits),
            "Because": list(because),
        }
        for (scope, limits, because), names in rows.items()
    ]


def _held(holder: _Holder, combination: Combination) -> Iterator[tuple[Any, ...]]:
    grants = []
    for need in combination.needs:
        grant = holder.grant(need, combination)
        if grant is None:
            return
        grants.append(grant)
    yield (
        min(grant.scope for grant in grants),
        tuple(dict.fromkeys(key for grant in grants for key in grant.limits)),
        tuple(dict.fromkeys(grant.place for grant in grants)),
    )


def _resources_of(statement: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(statement.get("Resource", ("*",)))


def _serves(statement: Statement, combination: Combination) -> bool:
    """Tell whether a role may be passed to the service that the combination needs."""
    if combination.service is None:
        return True
    service = Domain(absent=False, admits=fixed(combination.service))
    asked: Iterable[Condition] = (c for c in statement.conditions if c.key == _PASSED_TO)
    return all(True in outcomes(condition, service) for condition in asked)


def _scope_of(resource: str, target: Target) -> Scope | None:
    """Say how far an action reaches with this resource; None where it reaches no such thing."""
    own = _OWN_USER in resource
    plain = _VARIABLE.sub("*", resource)
    if target in _IAM_TARGETS and not _can_be(plain, target):
        return None
    if target is Target.NEW:
        return Scope.ANY
    if own:
        return Scope.SELF if target is Target.USER else Scope.ANY
    # The account may be left open: IAM's resources are the caller's account's anyway.
    return Scope.ANY if has_wildcard(plain.rpartition(":")[2]) else Scope.NAMED


def _can_be(resource: str, target: Target) -> bool:
    """Tell whether a resource pattern can mean an entity of IAM of one kind."""
    fields = resource.split(":", _ARN_FIELDS - 1)
    if len(fields) < _ARN_FIELDS:
        return meets(resource, f"arn:*:iam::*:{target}/*")
    # Field by field: a "*" for the account would else take what follows it for a part of itself.
    return meets(fields[2], "iam") and meets(fields[-1], f"{target}/*")
