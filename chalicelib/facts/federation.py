"""Whom at an identity provider a role's trust policy lets in.

Naming the provider is not enough: GitHub's is the same for all of GitHub, and ``aud`` is whatever
the caller asks it to be. A row says how wide the trust is; not every row is bad:
``whole-organisation``, ``pull-requests`` and ``nobody`` are notes, for a rule to accept or refuse.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.facts._callers import ANONYMOUS, INSIDER, SOURCE_IP, Caller
from chalicelib.facts._conditions import (
    Admits,
    Condition,
    Domain,
    Family,
    Truths,
    fixed,
    foreign,
    is_literal,
)
from chalicelib.facts._globs import has_wildcard
from chalicelib.facts._principals import Principal, account_of
from chalicelib.facts._providers import ASSUMING, SAML, Provider, issuer_of, provider_of
from chalicelib.facts._statements import Denies, Statement, statements_from

#: Widest first.
#:
#: ``anyone-at-provider``: any customer of it · ``other-account-provider``: a provider that another
#: account controls · ``guest``: unauthenticated identities of a Cognito pool · ``own-cluster``:
#: every workload of an EKS cluster · ``unpinned-audience``: SAML responses made for others ·
#: ``whole-organisation``: all repositories, projects or workspaces of one customer ·
#: ``pull-requests``: also code that nobody merged · ``nobody``: a condition that cannot hold.
EXPOSURES = (
    "anyone-at-provider",
    "other-account-provider",
    "guest",
    "own-cluster",
    "unpinned-audience",
    "whole-organisation",
    "pull-requests",
    "nobody",
)

#: JSON Schema of `federated_openings`. Unpinned: condition keys that would have closed it.
#: Subjects: the ``sub`` patterns of the statement. Because: pointers relative to the policy.
FEDERATED_OPENINGS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Provider": {"type": "string"},
            "ProviderKind": {"type": "string"},
            "Exposure": {"enum": list(EXPOSURES)},
            "Unpinned": {"type": "array", "items": {"type": "string"}},
            "Subjects": {"type": "array", "items": {"type": "string"}},
            "Because": {"type": "array", "items": {"type": "string"}},
        },
        "required": [
            "Provider",
            "ProviderKind",
            "Exposure",
            "Unpinned",
            "Subjects",
            "Because",
        ],
        "additionalProperties": False,
    },
}

_GUEST = "unauthenticated"
_PULL_REQUEST_SUB = "pull_request"


def federated_openings(
    policy: Mapping[str, Any] | None, *, account_id: str
) -> list[dict[str, Any]]:
    """Return how wide a trust policy trusts each provider (`FEDERATED_OPENINGS_SCHEMA`).

    A provider trusted for one repository, workload or app gives no row; one behind a ``*`` is
    `trust_openings`' business.
    """
    statements = statements_from(policy, "sts")
    denies = Denies.of(statements)
    return [
        _row(statement, principal, exposure)
        for statement in statements
        for principal in _providers(statement)
        for exposure in _exposures(denies, statement, principal, account_id)
    ]


def _providers(statement: Statement) -> Iterator[Principal]:
    if statement.allows and not statement.principals.negated:
        for principal in statement.principals.named or ():
            action = ASSUMING[provider_of(principal.name) is SAML]
            if (
                principal.kind == "federated"
                and not principal.is_everyone
                and statement.actions.meet(action)
            ):
                yield principal


def _exposures(
    denies: Denies, statement: Statement, principal: Principal, account_id: str
) -> Iterator[str]:
    """Yield the widest exposure, if any is worth a row."""
    provider = provider_of(principal.name)
    if _denied(denies, principal, INSIDER):
        return
    if _is_elsewhere(principal.name, account_id):
        yield "other-account-provider"
    elif _lets_in(denies, statement, principal, _stranger(provider, principal)):
        yield provider.loose
    elif provider.kind == "cognito" and _lets_in(denies, statement, principal, _guest(principal)):
        yield "guest"
    else:
        yield from _notes(statement, provider, principal)


def _lets_in(denies: Denies, statement: Statement, principal: Principal, caller: Caller) -> bool:
    return statement.reached_by(caller) and not _denied(denies, principal, caller)


def _denied(denies: Denies, principal: Principal, caller: Caller) -> bool:
    action = ASSUMING[provider_of(principal.name) is SAML]
    return denies.for_principal(principal, denies.binding(caller)).on(action, "*")


def _is_elsewhere(name: str, account_id: str) -> bool:
    return name.startswith("arn:") and account_of(name) not in {None, account_id}


def _stranger(provider: Provider, principal: Principal) -> Caller:
    """Return somebody else at the same provider: nothing that names a customer fits him."""
    domain = Domain(absent=True, admits=_foreign_claim(provider))
    keys = dict.fromkeys(_keys(provider, principal), domain)
    return Caller(keys={SOURCE_IP: ANONYMOUS.keys[SOURCE_IP], **keys})


def _foreign_claim(provider: Provider) -> Admits:
    loose = foreign(lambda value: _names_customer(provider, value))
    literal = foreign(bool)

    def admits(condition: Condition) -> Truths:
        # StringEquals takes wildcards literally: no token holds one.
        return literal(condition) if condition.family is Family.EQUALS else loose(condition)

    return admits


def _names_customer(provider: Provider, value: str) -> bool:
    if is_literal(value):
        return True
    return provider.subject is not None and provider.subject.match(value) is not None


def _guest(principal: Principal) -> Caller:
    issuer = issuer_of(principal.name)
    return Caller(keys={f"{issuer}:amr": Domain(absent=False, admits=fixed(_GUEST))})


def _keys(provider: Provider, principal: Principal) -> tuple[str, ...]:
    if provider is SAML:
        return provider.claims
    return tuple(f"{issuer_of(principal.name)}:{claim}" for claim in provider.claims)


def _notes(statement: Statement, provider: Provider, principal: Principal) -> Iterator[str]:
    conditions = [c for c in statement.conditions if c.key in _keys(provider, principal)]
    if any(_never_holds(condition) for condition in conditions):
        yield "nobody"
        return
    subjects = _subjects(statement, principal)
    if provider.whole is not None and any(map(provider.whole.fullmatch, subjects)):
        yield "whole-organisation"
    elif provider.kind == "github" and any(map(_takes_pull_requests, subjects)):
        yield "pull-requests"


def _never_holds(condition: Condition) -> bool:
    compares = condition.family is Family.EQUALS and not condition.negated
    return compares and all(map(has_wildcard, condition.values))


def _takes_pull_requests(subject: str) -> bool:
    return subject.endswith((_PULL_REQUEST_SUB, ":*"))


def _subjects(statement: Statement, principal: Principal) -> list[str]:
    key = f"{issuer_of(principal.name)}:sub"
    return [v for c in statement.conditions if c.key == key and not c.negated for v in c.values]


def _row(statement: Statement, principal: Principal, exposure: str) -> dict[str, Any]:
    provider = provider_of(principal.name)
    keys = _keys(provider, principal)
    closing = {key.lower() for key in statement.closing_keys(_stranger(provider, principal))}
    return {
        "Provider": principal.name,
        "ProviderKind": provider.kind,
        "Exposure": exposure,
        "Unpinned": [key for key in keys if key not in closing],
        "Subjects": _subjects(statement, principal),
        "Because": [statement.place],
    }
