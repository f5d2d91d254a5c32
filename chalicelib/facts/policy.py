"""Whom a resource policy lets in, and by which statement.

`openings` answers with a list, one row per Allow statement and audience, after taking away what
Denies certainly take away. A row is data, not a verdict: ``own-account`` and ``restricted`` rows
are openings too, and mean nothing bad. The public is `PUBLIC_AUDIENCES`.

What a newcomer gets wrong: a condition closes a ``*`` only if a stranger has *no* value that fits.
One closing key is enough (keys are ANDed), but every value of it must close (values are ORed).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.facts._callers import (
    ANONYMOUS,
    EXTERNAL_ID,
    FOREIGNER,
    INSIDER,
    LISTED_ANONYMOUS,
    LISTED_FOREIGNER,
    SERVICE,
    SOURCE_ARN,
    SOURCE_IP,
    TAG_PREFIX,
    Caller,
    networks_of,
)
from chalicelib.facts._conditions import Condition, Family
from chalicelib.facts._documents import POLICY_SCHEMA, PolicyError, normalise_policy
from chalicelib.facts._globs import has_wildcard
from chalicelib.facts._principals import Audience, Principal, audience_of
from chalicelib.facts._statements import (
    Denials,
    Denies,
    Statement,
    statements_from,
)
from chalicelib.facts.addresses import is_public, is_wide

__all__ = [
    "OPENINGS_SCHEMA",
    "POLICY_SCHEMA",
    "PUBLIC_AUDIENCES",
    "PolicyError",
    "normalise_policy",
    "openings",
]

#: Everybody, or everybody with an AWS account: what "public" means.
PUBLIC_AUDIENCES = frozenset({Audience.ANYONE.value, Audience.ANY_ACCOUNT.value})

# Widest first: a statement open to one is open to all that follow.
LADDER: tuple[tuple[Audience, tuple[Caller, ...]], ...] = (
    (Audience.ANYONE, (ANONYMOUS,)),
    (Audience.ANY_ACCOUNT, (FOREIGNER,)),
    (Audience.SERVICE, (SERVICE,)),
    (Audience.NETWORKS, (LISTED_ANONYMOUS, LISTED_FOREIGNER)),
)

_TEXTS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}

#: JSON Schema of `openings`' answer.
#:
#: Audience: ``anyone`` without credentials · ``any-aws-account`` · ``networks``: anyone from narrow
#: ranges · ``restricted``: a ``*`` closed by the keys in ``Limits`` · ``outsiders``: other accounts
#: by name · ``own-account`` · ``aws-service`` · ``federated`` · ``nobody``: deleted principals.
#: Actions, Resources: what Denies leave of the statement; ``Except…``: its Not… elements, and
#: the actions that Denies take from the public on all of the row's resources.
#: SourceCondition: services only, whether the caller's source is ``present`` in a condition.
#: Because: pointers relative to the policy.
OPENINGS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Audience": {"enum": [audience.value for audience in Audience]},
            "Principals": _TEXTS,
            "ExceptPrincipals": _TEXTS,
            "Actions": _TEXTS,
            "ExceptActions": _TEXTS,
            "Resources": _TEXTS,
            "ExceptResources": _TEXTS,
            "Limits": _TEXTS,
            "SourceCondition": {"enum": ["present", "absent", None]},
            "Notes": _TEXTS,
            "Because": _TEXTS,
        },
        "required": [
            "Audience",
            "Principals",
            "ExceptPrincipals",
            "Actions",
            "ExceptActions",
            "Resources",
            "ExceptResources",
            "Limits",
            "SourceCondition",
            "Notes",
            "Because",
        ],
        "additionalProperties": False,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What is left of one Allow for one audience."""

    audience: Audience
    principals: tuple[Principal, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    denied: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    pinned: bool | None = None


def openings(
    policy: Mapping[str, Any] | None, *, account_id: str, kind: str
) -> list[dict[str, Any]]:
    """Return who a policy lets in (`OPENINGS_SCHEMA`), in the order of its statements.

    Args:
        policy: As `normalise_policy` gives it.
        account_id: Owner of the resource.
        kind: Service prefix of the resource's actions: ``s3``, ``sts``, ``sqs``.
    """
    statements = statements_from(policy, kind)
    view = _View.of(statements, account_id)
    return [
        _row(statement, effect)
        for statement in statements
        if statement.allows
        for effect in view.effects(statement)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """A policy with its Denies sorted by whom they stop."""

    account_id: str
    ladder: tuple[tuple[Audience, tuple[tuple[Caller, Denials], ...]], ...]
    stranger: Denials
    denies: Denies
    unconditional: int
    against_services: int

    @classmethod
    def of(cls, statements: tuple[Statement, ...], account_id: str) -> "_View":
        denies = Denies.of(statements)
        return cls(
            account_id=account_id,
            ladder=tuple(
                (audience, tuple((caller, denies.for_stranger(caller)) for caller in callers))
                for audience, callers in LADDER
            ),
            stranger=denies.for_stranger(INSIDER),
            denies=denies,
            unconditional=denies.binding(INSIDER),
            against_services=denies.binding(SERVICE),
        )

    def effects(self, statement: Statement) -> Iterator[Effect]:
        if statement.principals.admit_everyone:
            yield from self._public(statement)
        else:
            yield from self._named(statement)

    def _public(self, statement: Statement) -> Iterator[Effect]:
        everyone = (Principal(kind="aws", name="*"),)
        given: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
        for audience, callers in self.ladder:
            actions, resources, denied = _reached(statement, callers)
            if given[0].issuperset(actions) and given[1].issuperset(resources):
                continue
            given = (given[0].union(actions), given[1].union(resources))
            yield Effect(
                audience=audience,
                principals=everyone,
                actions=actions,
                resources=resources,
                denied=denied,
                pinned=False if audience is Audience.SERVICE else None,
            )
        if not given[0]:
            yield from self._restricted(statement, everyone)

    def _restricted(
        self, statement: Statement, everyone: tuple[Principal, ...]
    ) -> Iterator[Effect]:
        actions, resources = self.stranger.surviving(statement)
        if actions and resources:
            yield Effect(
                audience=Audience.RESTRICTED,
                principals=everyone,
                actions=actions,
                resources=resources,
                limits=self._limits(statement),
            )

    def _limits(self, statement: Statement) -> tuple[str, ...]:
        own = statement.closing_keys(FOREIGNER)
        foreign = self.ladder[1][1][0][1].statements
        denied = [c.spelled for deny in foreign for c in deny.conditions]
        return tuple(dict.fromkeys(own or denied))

    def _named(self, statement: Statement) -> Iterator[Effect]:
        groups: dict[tuple[Any, ...], list[Principal]] = {}
        for principal in statement.principals.named or ():
            audience = audience_of(principal, self.account_id)
            left = self.denies.for_principal(principal, self.unconditional).surviving(statement)
            pinned = self._pinned(statement, principal) if audience is Audience.SERVICE else None
            if all(left):
                groups.setdefault((audience, *left, pinned), []).append(principal)
        for (audience, actions, resources, pinned), principals in groups.items():
            yield Effect(
                audience=audience,
                principals=tuple(principals),
                actions=actions,
                resources=resources,
                pinned=pinned,
            )

    def _pinned(self, statement: Statement, principal: Principal) -> bool:
        if principal.kind != "service" or not statement.reached_by(SERVICE):
            return True
        left = self.denies.for_principal(principal, self.against_services).surviving(statement)
        return not all(left)


def _reached(
    statement: Statement, callers: tuple[tuple[Caller, Denials], ...]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return actions, resources and denied actions of the first caller that gets anything."""
    for caller, denials in callers:
        if statement.reached_by(caller):
            actions, resources = denials.surviving(statement)
            if actions and resources:
                return actions, resources, denials.excepted(resources)
    return (), (), ()


def _row(statement: Statement, effect: Effect) -> dict[str, Any]:
    negated = statement.principals.negated
    excepted = statement.principals.named or () if negated else ()
    return {
        "Audience": effect.audience.value,
        "Principals": [principal.name for principal in effect.principals],
        "ExceptPrincipals": [principal.name for principal in excepted],
        "Actions": [statement.spelled.get(action, action) for action in effect.actions],
        "ExceptActions": list(dict.fromkeys((*_excepted_actions(statement), *effect.denied))),
        "Resources": list(effect.resources),
        "ExceptResources": _excepted_resources(statement),
        "Limits": list(effect.limits),
        "SourceCondition": {True: "present", False: "absent", None: None}[effect.pinned],
        "Notes": [name for name, applies in _NOTES if any(map(applies, statement.conditions))],
        "Because": [statement.place],
    }


def _excepted_actions(statement: Statement) -> tuple[str, ...]:
    return tuple(statement.spelled.values()) if statement.actions.negated else ()


def _excepted_resources(statement: Statement) -> list[str]:
    return statement.resources.written() if statement.resources.negated else []


def _is_dead(condition: Condition) -> bool:
    networks = networks_of(condition) if condition.family is Family.IP else None
    return condition.key == SOURCE_IP and networks is not None and not is_public(networks)


def _unites_narrow_ranges(condition: Condition) -> bool:
    networks = networks_of(condition) if condition.family is Family.IP else None
    return condition.key == SOURCE_IP and bool(networks) and not any(map(is_wide, networks or ()))


def _names_no_account(condition: Condition) -> bool:
    return condition.key == SOURCE_ARN and any(
        ":::" in value and not has_wildcard(value) for value in condition.values
    )


# What a reader should know of a statement's conditions, whoever they let in.
_NOTES = (
    # Nobody on the internet has a private source address: the statement has no effect for them.
    ("dead-condition", lambda c: _is_dead(c) and not c.negated),
    ("narrow-ranges", lambda c: _unites_narrow_ranges(c) and not c.negated and not _is_dead(c)),
    # A bucket's ARN holds no account; who deletes the bucket leaves its name to others.
    ("source-without-account", _names_no_account),
    # An external id is no secret: it keeps deputies from confusion, not strangers out.
    ("external-id", lambda c: c.key == EXTERNAL_ID),
    # Everybody tags the principals of his own account as he likes.
    ("principal-tag", lambda c: c.key.startswith(TAG_PREFIX)),
)
