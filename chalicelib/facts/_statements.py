"""A policy compiled once: who, what, where and under which conditions, and what Denies take away.

A Deny takes away only what it *certainly* covers: its principals hold for the caller, none of its
conditions can be avoided, and its actions and resources include the whole pattern asked about.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.facts._callers import Caller
from chalicelib.facts._conditions import (
    ALWAYS,
    VARIABLE,
    Condition,
    conditions_from,
    outcomes,
)
from chalicelib.facts._globs import Patterns
from chalicelib.facts._principals import Principal, Principals, principals_from

_EVERY_ACTION = frozenset({"*", "*:*"})
_VARIABLES = re.compile(r"\$\{[^}]*\}?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One compiled statement.

    Attributes:
        place: Relative JSON Pointer of it.
        actions: Patterns in lower case; `spelled` maps them to how they were written.
        wanted: Action patterns in order; everything where the element is a ``NotAction``.
        located: Resource patterns in order; everything where it is a ``NotResource``.
    """

    place: str
    allows: bool
    principals: Principals
    conditions: tuple[Condition, ...]
    actions: Patterns
    resources: Patterns
    wanted: tuple[str, ...]
    located: tuple[str, ...]
    spelled: Mapping[str, str]

    def reached_by(self, caller: Caller) -> bool:
        """Tell whether `caller` can make every condition true."""
        return all(True in outcomes(c, caller.domain(c.key)) for c in self.conditions)

    def binds(self, caller: Caller) -> bool:
        """Tell whether `caller` can make no condition false."""
        return all(outcomes(c, caller.domain(c.key)) == ALWAYS for c in self.conditions)

    def closing_keys(self, caller: Caller) -> list[str]:
        """Return the keys, as written, under which `caller` has nothing that fits."""
        return [c.spelled for c in self.conditions if True not in outcomes(c, caller.domain(c.key))]


def statements_from(
    policy: Mapping[str, Any] | None,
    kind: str,
    wanted: Callable[[Mapping[str, Any]], bool] | None = None,
) -> tuple[Statement, ...]:
    """Compile a normalised policy, or the statements of it that are wanted.

    `kind` is the service prefix of the resource (``s3``).
    """
    if policy is None:
        return ()
    return tuple(
        [
            _compiled(statement, index, kind)
            for index, statement in enumerate(policy["Statement"])
            if wanted is None or wanted(statement)
        ]
    )


def _compiled(statement: Mapping[str, Any], index: int, kind: str) -> Statement:
    allows = statement["Effect"] == "Allow"
    written, actions = _actions(statement, kind)
    locations, resources = _resources(statement, allows=allows)
    return Statement(
        place=f"/Statement/{index}",
        allows=allows,
        principals=principals_from(statement),
        conditions=tuple(conditions_from(statement.get("Condition", {}))),
        actions=actions,
        resources=resources,
        wanted=(f"{kind}:*",) if actions.negated else tuple(written),
        located=("*",) if resources.negated else locations,
        spelled=written,
    )


def _actions(statement: Mapping[str, Any], kind: str) -> tuple[dict[str, str], Patterns]:
    negated = "NotAction" in statement
    written = statement["NotAction"] if negated else statement.get("Action", ["*"])
    # On a resource of one service, every action is every action of that service.
    spelled = {f"{kind}:*" if name in _EVERY_ACTION else name.lower(): name for name in written}
    return spelled, Patterns.of(spelled, negated=negated)


def _resources(statement: Mapping[str, Any], *, allows: bool) -> tuple[tuple[str, ...], Patterns]:
    negated = "NotResource" in statement
    written = statement["NotResource"] if negated else statement.get("Resource", ["*"])
    # A variable can stand for any text: read so that an Allow is never too small, a Deny never
    # too large.
    widen = allows != negated
    known = tuple(
        dict.fromkeys(
            _VARIABLES.sub("*", name) for name in written if widen or VARIABLE not in name
        )
    )
    return known, Patterns.of(known, negated=negated)


@dataclass(frozen=True, slots=True)
class Denies:
    """The Denies of a policy, as bit masks: one bit a statement.

    What covers a pattern is worked out once for all callers and Allows that ask, so that many
    Allows against many Denies cost patterns, not pairs.
    """

    statements: tuple[Statement, ...]
    _actions: dict[str, int] = field(default_factory=dict)
    _resources: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, statements: Iterable[Statement]) -> "Denies":
        """Pick the Denies out of a policy."""
        return cls(tuple(s for s in statements if not s.allows))

    def action_mask(self, action: str) -> int:
        """Return the Denies that cover `action`."""
        if action not in self._actions:
            self._actions[action] = _mask(s.actions.cover(action) for s in self.statements)
        return self._actions[action]

    def resource_mask(self, resource: str) -> int:
        """Return the Denies that cover `resource`."""
        if resource not in self._resources:
            self._resources[resource] = _mask(s.resources.cover(resource) for s in self.statements)
        return self._resources[resource]

    def binding(self, caller: Caller) -> int:
        """Return the Denies with conditions that `caller` cannot avoid."""
        return _mask(s.binds(caller) for s in self.statements)

    def for_stranger(self, caller: Caller) -> "Denials":
        """Return the Denies that hold for a caller whom no policy names."""
        everyone = _mask(s.principals.bind_everyone for s in self.statements)
        return Denials(self, self.binding(caller) & everyone)

    def for_principal(self, principal: Principal, binding: int) -> "Denials":
        """Return those of `binding` that hold for a named principal."""
        named = _mask(s.principals.bind(principal) for s in self.statements) if binding else 0
        return Denials(self, binding & named)


@dataclass(frozen=True, slots=True)
class Denials:
    """The Denies that certainly hold for one caller."""

    denies: Denies
    binding: int

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The Denies themselves."""
        return tuple(
            s for index, s in enumerate(self.denies.statements) if self.binding >> index & 1
        )

    def on(self, action: str, resource: str) -> bool:
        """Tell whether `action` (lower case) on `resource`, both maybe patterns, is denied."""
        return bool(
            self.binding
            and self.binding & self.denies.action_mask(action) & self._resource_mask(resource)
        )

    def surviving(self, statement: Statement) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the action and resource patterns of an Allow that keep any effect."""
        if not self.binding:
            return statement.wanted, statement.located
        action_mask = self.denies.action_mask
        return (
            _surviving(statement.wanted, action_mask, statement.located, self._resource_mask),
            _surviving(statement.located, self._resource_mask, statement.wanted, action_mask),
        )

    def excepted(self, resources: Iterable[str]) -> tuple[str, ...]:
        """Return the action patterns, as written, that are denied on all of `resources`."""
        everywhere = self.binding
        for resource in resources if self.binding else ():
            everywhere &= self._resource_mask(resource)
        return tuple(
            dict.fromkeys(
                name
                for index, statement in enumerate(self.denies.statements)
                if everywhere >> index & 1 and not statement.actions.negated
                for name in statement.spelled.values()
            )
        )

    def _resource_mask(self, resource: str) -> int:
        return self.binding & self.denies.resource_mask(resource)


def _mask(covered: Iterable[bool]) -> int:
    return sum(1 << index for index, hit in enumerate(covered) if hit)


def _surviving(
    patterns: tuple[str, ...],
    mask: Callable[[str], int],
    others: tuple[str, ...],
    other_mask: Callable[[str], int],
) -> tuple[str, ...]:
    counterparts = {other_mask(other) for other in others}
    return tuple(
        pattern
        for pattern in patterns
        if any(not mask(pattern) & counterpart for counterpart in counterparts)
    )
