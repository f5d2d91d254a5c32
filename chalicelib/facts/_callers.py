"""The kinds of caller a resource policy can let in, and what each can put into a request.

Whoever adds a condition key here decides what counts as closed: a key that no table names is one
the caller chooses freely, and closes nothing. Keys of identity and origin are *foreign*: they
carry the caller's own account, organisation, network, and only a wildcard matches those.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.facts._conditions import (
    ALWAYS,
    EITHER,
    NEVER,
    VARIABLE,
    Condition,
    Domain,
    Family,
    Truths,
    fixed,
    foreign,
    free,
    is_literal,
)
from chalicelib.facts._globs import has_wildcard
from chalicelib.facts.addresses import (
    IPNetwork,
    is_public,
    is_wide,
    is_world,
    network_from,
    share_of_public_ipv4,
    share_of_public_ipv6,
)

SOURCE_IP = "aws:sourceip"
EXTERNAL_ID = "sts:externalid"
SOURCE_ARN = "aws:sourcearn"
TAG_PREFIX = "aws:principaltag/"

_ACCOUNT_FIELD = 4
_ARN_FIELDS = 6

ANYTHING = Domain(absent=True, admits=free)
ABSENT = Domain(absent=True, admits=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A kind of caller: what he can put under each condition key.

    Attributes:
        keys: Key in lower case → domain; every other key is his to choose.
        tags: Domain of ``aws:PrincipalTag/…``.
    """

    keys: Mapping[str, Domain] = field(default_factory=dict)
    tags: Domain = ANYTHING

    def domain(self, key: str) -> Domain:
        """Return what this caller can put under `key` (lower case)."""
        if key.startswith(TAG_PREFIX):
            return self.tags
        return self.keys.get(key, ANYTHING)


def networks_of(condition: Condition) -> tuple[IPNetwork, ...] | None:
    """Return the networks of a source address condition; None where a value is no network."""
    networks = tuple(network_from(value) for value in condition.values)
    known = tuple(network for network in networks if network is not None)
    return known if len(known) == len(networks) else None


def names_account(value: str) -> bool:
    """Tell whether an ARN pattern fixes the account, or is one ARN without any (S3)."""
    parts = value.split(":", _ARN_FIELDS - 1)
    if len(parts) == _ARN_FIELDS and parts[_ACCOUNT_FIELD]:
        return is_literal(parts[_ACCOUNT_FIELD])
    return is_literal(value)


def _names_organisation(value: str) -> bool:
    return is_literal(value.partition("/")[0])


def _names_identity(value: str) -> bool:
    return is_literal(value.partition(":")[0])


def _names_endpoint(value: str) -> bool:
    """Tell whether a subscriber's address, or all that a pattern fits, is of one known owner.

    ``*@example.com`` is of that domain's owner, as far as addresses of e-mail go; a web address
    can end like it on any host (`facts.topics` says where the protocol is left open).
    """
    domain = value.rpartition("@")[2] if "@" in value else value
    return bool(domain) and (is_literal(domain) or names_account(value))


def _from_internet(condition: Condition) -> Truths:
    networks = _addresses(condition)
    if networks is None:
        return free(condition)
    if share_of_public_ipv4(networks) == share_of_public_ipv6(networks) == 1:
        return ALWAYS
    return EITHER if is_world(networks) else NEVER


def _from_wide_range(condition: Condition) -> Truths:
    networks = _addresses(condition)
    if networks is None:
        return free(condition)
    return EITHER if any(is_wide(network) for network in networks) else NEVER


def _from_listed_range(condition: Condition) -> Truths:
    networks = _addresses(condition)
    if networks is None:
        return free(condition)
    return EITHER if is_public(networks) else NEVER


def _addresses(condition: Condition) -> tuple[IPNetwork, ...] | None:
    if condition.family not in {Family.IP, Family.EQUALS}:
        return None
    if any(has_wildcard(value) or VARIABLE in value for value in condition.values):
        return None
    return networks_of(condition)


def _theirs(*keys: str) -> dict[str, Domain]:
    """Return domains of keys that hold a name the caller's side was given, not chosen."""
    return dict.fromkeys(keys, Domain(absent=True, admits=foreign(is_literal)))


_FOREIGN_ARN = Domain(absent=True, admits=foreign(names_account))
_FOREIGN_PATHS = Domain(absent=True, admits=foreign(_names_organisation))

# Present only where a service acts for somebody: then they name that somebody.
_SOURCE_KEYS: Mapping[str, Domain] = {
    # An Alexa skill's token names the skill, as an account names itself.
    **_theirs("aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "lambda:eventsourcetoken"),
    SOURCE_ARN: _FOREIGN_ARN,
    "aws:sourceorgpaths": _FOREIGN_PATHS,
}
_PRINCIPAL_KEYS: Mapping[str, Domain] = {
    **_theirs("aws:principalorgid", "kms:calleraccount"),
    "aws:principalarn": _FOREIGN_ARN,
    "aws:federatedprovider": _FOREIGN_ARN,
    "aws:principalorgpaths": _FOREIGN_PATHS,
    "aws:userid": Domain(absent=True, admits=foreign(_names_identity)),
}
_WAY_KEYS: Mapping[str, Domain] = {
    **_theirs(
        "aws:principalaccount",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:ec2instancesourcevpc",
        "aws:vpceaccount",
        "aws:vpceorgid",
        "s3:dataaccesspointaccount",
    ),
    "aws:sourcevpcarn": _FOREIGN_ARN,
    "aws:vpceorgpaths": _FOREIGN_PATHS,
    "s3:dataaccesspointarn": _FOREIGN_ARN,
    "sns:endpoint": Domain(absent=True, admits=foreign(_names_endpoint)),
    "aws:securetransport": Domain(absent=False, admits=fixed("true", "false")),
    SOURCE_IP: Domain(absent=True, admits=_from_internet),
}
_NO_SERVICE = Domain(absent=False, admits=fixed("false"))
_NO_IDENTITY = (
    *_PRINCIPAL_KEYS,
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:username",
    "aws:sourceidentity",
)

#: Without credentials, from anywhere.
ANONYMOUS = Caller(
    keys={
        **_WAY_KEYS,
        **dict.fromkeys((*_NO_IDENTITY, *_SOURCE_KEYS), ABSENT),
        "aws:principalisawsservice": _NO_SERVICE,
        "aws:viaawsservice": _NO_SERVICE,
        "lambda:functionurlauthtype": Domain(absent=True, admits=fixed("NONE")),
    },
    tags=ABSENT,
)

#: With credentials of an account that nobody here knows, directly or through a service.
FOREIGNER = Caller(
    keys={
        **_WAY_KEYS,
        **_PRINCIPAL_KEYS,
        **_SOURCE_KEYS,
        # AWS advises to exempt its services from a perimeter's Deny; that alone opens nothing.
        "aws:principalisawsservice": _NO_SERVICE,
        "lambda:functionurlauthtype": Domain(absent=True, admits=fixed("NONE", "AWS_IAM")),
    },
)

#: An AWS service at the bidding of somebody else's account.
SERVICE = Caller(
    keys={
        **_WAY_KEYS,
        **_SOURCE_KEYS,
        **dict.fromkeys((*_PRINCIPAL_KEYS, SOURCE_IP), ABSENT),
        "aws:principalisawsservice": Domain(absent=False, admits=fixed("true")),
    },
    tags=ABSENT,
)

#: One whom every condition may suit: only what binds without any condition stops him.
INSIDER = Caller()

#: Whoever calls S3 without TLS.
PLAINTEXT = Caller(
    keys={
        "aws:securetransport": Domain(absent=False, admits=fixed("false")),
        "s3:tlsversion": ABSENT,
    }
)

_LISTED = {SOURCE_IP: Domain(absent=True, admits=_from_listed_range)}
_WIDE = {SOURCE_IP: Domain(absent=True, admits=_from_wide_range)}

#: The same two from the narrow ranges that a policy lists.
LISTED_ANONYMOUS = Caller(keys={**ANONYMOUS.keys, **_LISTED}, tags=ANONYMOUS.tags)
LISTED_FOREIGNER = Caller(keys={**FOREIGNER.keys, **_LISTED}, tags=FOREIGNER.tags)

#: Those whom S3 itself would call the public: it looks at ranges one by one, never at their union.
S3_PUBLIC = (
    Caller(keys={**ANONYMOUS.keys, **_WIDE}, tags=ANONYMOUS.tags),
    Caller(keys={**FOREIGNER.keys, **_WIDE}, tags=FOREIGNER.tags),
)
