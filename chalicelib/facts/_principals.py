"""Whom a Principal element names.

An account number, the account's root ARN, and ``root`` in any partition are one and the same:
everybody in that account whom its own policies allow, never the public.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.facts._globs import has_wildcard


class Audience(StrEnum):
    """Who is let in, widest first."""

    ANYONE = "anyone"
    ANY_ACCOUNT = "any-aws-account"
    NETWORKS = "networks"
    RESTRICTED = "restricted"
    OUTSIDERS = "outsiders"
    OWN_ACCOUNT = "own-account"
    SERVICE = "aws-service"
    FEDERATED = "federated"
    NOBODY = "nobody"


_ACCOUNT_DIGITS = 12
_ACCOUNT_FIELD = 4
# Unique ids stand where the principal that a policy once named was deleted.
_UNIQUE_ID_PREFIXES = ("AROA", "AIDA", "AGPA", "ANPA", "AIPA", "ASCA", "APKA")


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """One named principal."""

    kind: str
    name: str

    @property
    def account_id(self) -> str | None:
        """Account of an AWS principal; None for services, providers and unique ids."""
        return account_of(self.name) if self.kind == "aws" else None

    @property
    def is_everyone(self) -> bool:
        """Whether it stands for everybody: a ``*``, alone or where the account should be."""
        if self.kind != "aws":
            return self.name == "*"
        parts = self.name.split(":")
        account = parts[_ACCOUNT_FIELD] if len(parts) > _ACCOUNT_FIELD else self.name
        return has_wildcard(account)

    @property
    def is_whole_account(self) -> bool:
        """Whether it stands for everybody of one account."""
        return self.name == self.account_id or self.name.endswith(":root")


@dataclass(frozen=True, slots=True, kw_only=True)
class Principals:
    """A Principal element, or a NotPrincipal (`negated`). Named is None where there is neither."""

    named: tuple[Principal, ...] | None
    negated: bool = False

    @property
    def admit_everyone(self) -> bool:
        """Whether an Allow of it names everybody; a missing element limits nobody."""
        return self.named is None or self.negated or any(p.is_everyone for p in self.named)

    @property
    def bind_everyone(self) -> bool:
        """Whether a Deny of it holds for every stranger."""
        if self.named is None:
            return False
        return any(p.is_everyone for p in self.named) != self.negated

    def bind(self, principal: Principal) -> bool:
        """Tell whether a Deny of it certainly holds for `principal`."""
        if self.named is None:
            return False
        if self.negated:
            return not any(_related(other, principal) for other in self.named)
        return any(_includes(other, principal) for other in self.named)


def principals_from(statement: Mapping[str, Mapping[str, list[str]]]) -> Principals:
    """Read the principals of a normalised statement."""
    for element, negated in (("Principal", False), ("NotPrincipal", True)):
        if element in statement:
            return Principals(named=tuple(_named(statement[element])), negated=negated)
    return Principals(named=None)


def account_of(name: str) -> str | None:
    """Return the account number in a principal's name or ARN, or None."""
    parts = name.split(":")
    account = parts[_ACCOUNT_FIELD] if len(parts) > _ACCOUNT_FIELD else name
    whole = len(account) == _ACCOUNT_DIGITS and account.isascii() and account.isdecimal()
    return account if whole else None


def audience_of(principal: Principal, account_id: str) -> Audience:
    """Say who a principal is, seen from the account that owns the resource."""
    if principal.is_everyone:
        return Audience.ANYONE
    if principal.kind in _BY_KIND:
        return _BY_KIND[principal.kind]
    if principal.name.startswith(_UNIQUE_ID_PREFIXES):
        return Audience.NOBODY
    if principal.name.startswith("arn:") and ":iam::cloudfront:" in principal.name:
        return Audience.SERVICE
    return Audience.OWN_ACCOUNT if principal.account_id == account_id else Audience.OUTSIDERS


_BY_KIND: Mapping[str, Audience] = {
    "service": Audience.SERVICE,
    "federated": Audience.FEDERATED,
    "canonicaluser": Audience.OUTSIDERS,
}


def _named(element: Mapping[str, list[str]]) -> Iterator[Principal]:
    for kind, names in element.items():
        for name in names:
            yield Principal(kind=kind.lower(), name=name)


def _includes(wide: Principal, narrow: Principal) -> bool:
    if wide.is_everyone:
        # {"AWS": "*"} is how Principal "*" is normalised: it holds for services, too.
        return wide.kind in {"aws", narrow.kind}
    return wide == narrow or (wide.is_whole_account and _same_account(wide, narrow))


def _related(one: Principal, other: Principal) -> bool:
    return one.is_everyone or one == other or _same_account(one, other)


def _same_account(one: Principal, other: Principal) -> bool:
    return one.account_id is not None and one.account_id == other.account_id
