"""Who made a call: the human or workload behind ``userIdentity``, and nobody else.

A person is named only where somebody other than the caller vouches for the name: the identity
store (Identity Center, SAML, OIDC) or the source identity that a trust policy demands. The session
name of an ordinary role is the caller's own choice and never makes a person.
"""

import ipaddress
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from chalicelib.ingest.ownership import account_from
from chalicelib.ingest.text import clean
from chalicelib.ingest.tools import (
    SIGN_IN_SERVICE,
    USER_AGENT_READ_CHARS,
    Origin,
    tool_behind,
)
from chalicelib.model import Actor, Via

#: All of a record that `actor_from` reads.
ACTOR_KEYS = (
    "userIdentity",
    "sourceIPAddress",
    "userAgent",
    "additionalEventData",
    "sessionCredentialFromConsole",
)

NAME_LIMIT_CHARS = 256
ARN_LIMIT_CHARS = 2048
USER_AGENT_LIMIT_CHARS = 256

#: Only AWS can make roles below this path, so their session names come from the identity store.
_IDENTITY_CENTER_PATH = ":role/aws-reserved/sso.amazonaws.com/"
_ASSUMED_ROLE = ":assumed-role/"
_ROLE_TYPES = frozenset({"AssumedRole", "Role"})
_FEDERATED_TYPES = frozenset({"SAMLUser", "WebIdentityUser"})
#: The common form, known to be an address without taking it apart.
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}

Folded = Mapping[str, Any]
_NOTHING: Folded = MappingProxyType({})


class _Identity(NamedTuple):
    """``userIdentity`` taken apart; keys are in lower case."""

    kind: str
    given: Folded
    session: Folded
    issuer: Folded
    arn: str | None
    session_name: str | None
    principal_id: str

    @property
    def is_role(self) -> bool:
        return self.kind in _ROLE_TYPES


def actor_from(record: Mapping[str, Any]) -> Actor:
    """Read the actor of a CloudTrail record; an absent identity gives type ``Unknown``."""
    who = _identity_of(record)
    person = _person(who)
    source = clean(record.get("sourceIPAddress"), NAME_LIMIT_CHARS) or ""
    invoked_by = _text(who.given, "invokedby")
    via, tool = _tool_of(record, who.kind, invoked_by, source)
    return Actor(
        type=who.kind,
        name=person or _name(who),
        via=via,
        arn=who.arn,
        account_id=account_from(who.given.get("accountid"))
        or account_from(who.issuer.get("accountid")),
        principal_id=who.principal_id or None,
        issuer_arn=clean(who.issuer.get("arn"), ARN_LIMIT_CHARS),
        session_name=who.session_name,
        person=person,
        # The sign-in service stands for the person at the console, it acts on nobody's behalf.
        invoked_by=invoked_by if invoked_by not in ("", SIGN_IN_SERVICE) else None,
        tool=tool,
        source_ip=_address(source),
        user_agent=clean(record.get("userAgent"), USER_AGENT_LIMIT_CHARS),
        mfa=_mfa(record, who.session),
    )


def _identity_of(record: Mapping[str, Any]) -> _Identity:
    given = _folded(record.get("userIdentity"))
    session = _folded(given.get("sessioncontext"))
    kind = clean(given.get("type"), NAME_LIMIT_CHARS) or "Unknown"
    arn = clean(given.get("arn"), ARN_LIMIT_CHARS)
    principal_id, _, suffix = _text(given, "principalid").partition(":")
    return _Identity(
        kind=kind,
        given=given,
        session=session,
        issuer=_folded(session.get("sessionissuer")),
        arn=arn,
        session_name=_session_name(arn, suffix) if kind in _ROLE_TYPES else None,
        principal_id=principal_id,
    )


def _folded(value: Any) -> Folded:
    # Identities occur with keys in lower case too (accesskeyid); absent and null are empty.
    if not value or not isinstance(value, Mapping):
        return _NOTHING
    return {key.lower(): part for key, part in value.items()}


def _text(facts: Folded, key: str) -> str:
    return clean(facts.get(key), NAME_LIMIT_CHARS) or ""


def _session_name(arn: str | None, principal_suffix: str) -> str | None:
    _, found, path = (arn or "").partition(_ASSUMED_ROLE)
    return (path.partition("/")[2] if found else "") or principal_suffix or None


def _person(who: _Identity) -> str | None:
    if user_id := _text(_folded(who.given.get("onbehalfof")), "userid"):
        return user_id
    if who.kind in _FEDERATED_TYPES:
        return _text(who.given, "username") or None
    if who.session_name and _IDENTITY_CENTER_PATH in _text(who.issuer, "arn"):
        return who.session_name
    return _text(who.session, "sourceidentity") or None


def _name(who: _Identity) -> str:
    if who.kind == "Root":
        # userName of the root user is the account's alias.
        return "root"
    if who.kind == "AWSAccount":
        return account_from(who.given.get("accountid")) or who.kind
    return (
        _text(who.given, "username")
        or _name_in(who)
        or _text(who.given, "invokedby")
        or _text(who.given, "principalid")
        or who.kind
    )


def _name_in(who: _Identity) -> str:
    """Return the name that ARN or issuer give: of a user, or ``role/session``."""
    name = (who.arn or "").rpartition(":")[2].partition("/")[2]
    if not who.is_role:
        # Users lie below a path: user/team/alice.
        return name.rpartition("/")[2]
    issuer_and_session = (_text(who.issuer, "username"), who.session_name)
    return name or "/".join(filter(None, issuer_and_session))


def _address(source: str) -> str | None:
    if _IPV4.fullmatch(source):
        return source
    try:
        return str(ipaddress.ip_address(source))
    except ValueError:
        return None


def _tool_of(
    record: Mapping[str, Any], kind: str, invoked_by: str, source: str
) -> tuple[Via, str | None]:
    agent = clean(record.get("userAgent"), USER_AGENT_READ_CHARS) or ""
    origin = Origin(
        invoked_by=invoked_by,
        user_agent=agent,
        source=source,
        from_console=_truth(record.get("sessionCredentialFromConsole")) is True,
        by_service=kind == "AWSService",
    )
    return tool_behind(origin)


def _mfa(record: Mapping[str, Any], session: Folded) -> bool | None:
    at_sign_in = _truth(_folded(record.get("additionalEventData")).get("mfaused"))
    if at_sign_in is not None:
        return at_sign_in
    return _truth(_folded(session.get("attributes")).get("mfaauthenticated"))


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return _TRUTH.get(value.lower()) if isinstance(value, str) else None
