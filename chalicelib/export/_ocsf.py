"""The parts that both OCSF classes are made of: objects as the schema names them.

OCSF knows no null: what is absent is left out. And a number says what its caption says, so that a
reader may use either.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import msgspec

from chalicelib.errors import InvalidRequestError
from chalicelib.facts.instants import epoch_milliseconds
from chalicelib.model import Actor, Cause, Evidence, Rule, Severity, Subject
from chalicelib.model.export import SealedEntry

#: Version → the profiles that an event of it uses.
PROFILES: Mapping[str, tuple[str, ...]] = {
    "1.8.0": ("cloud", "incident"),
    "1.9.0-dev": ("cloud", "incident", "record_integrity"),
}
SEVERITY_IDS: Mapping[Severity, int] = {
    Severity.INFORMATIONAL: 1,
    Severity.LOW: 2,
    Severity.MEDIUM: 3,
    Severity.HIGH: 4,
    Severity.CRITICAL: 5,
}
ACTIVITIES: Mapping[int, str] = {1: "Create", 2: "Update", 3: "Close"}
#: What is hashed is no form of the event, but the entry of the history that it tells of.
SERIALIZATION = "Vigil history entry, bytes as stored"
_CATEGORY = {"category_uid": 2, "category_name": "Findings"}
_PRODUCT = {"name": "Vigil", "uid": "vigil", "vendor_name": "Vigil"}
_RULE_TYPE = {"type": "Rule", "type_id": 1}
_AWS_ACCOUNT = {"type": "AWS Account", "type_id": 10}
_UNKNOWN_TYPE = {"type": "Unknown", "type_id": 0}
_SHA256 = {"algorithm": "SHA-256", "algorithm_id": 3}
_HEX = {"encoding": "Hex", "encoding_id": 1}
_USER_TYPES: Mapping[str, Mapping[str, Any]] = {
    "IAMUser": {"type": "User", "type_id": 1},
    "IdentityCenterUser": {"type": "User", "type_id": 1},
    "Root": {"type": "Admin", "type_id": 2},
    "AWSService": {"type": "System", "type_id": 3},
}


def classified(class_uid: int, class_name: str, activity: int) -> dict[str, Any]:
    """Return what says which class and activity an event is of."""
    name = ACTIVITIES[activity]
    return {
        **_CATEGORY,
        "class_uid": class_uid,
        "class_name": class_name,
        "activity_id": activity,
        "activity_name": name,
        "type_uid": class_uid * 100 + activity,
        "type_name": f"{class_name}: {name}",
    }


def severity_of(severity: Severity) -> dict[str, Any]:
    """Return a severity's number and caption."""
    return {"severity_id": SEVERITY_IDS[severity], "severity": severity.value.capitalize()}


def metadata(version: str, uid: str, account_id: str, rule_id: str) -> dict[str, Any]:
    """Return what says who made an event, and under which schema.

    Raises:
        InvalidRequestError: Events of that version are not written here.
    """
    if version not in PROFILES:
        raise InvalidRequestError(f"OCSF {version} is not written, only {', '.join(PROFILES)}")
    return {
        "version": version,
        "profiles": list(PROFILES[version]),
        "product": _PRODUCT,
        "uid": uid,
        "tenant_uid": account_id,
        "event_code": rule_id,
    }


def cloud_of(subject: Subject) -> dict[str, Any]:
    """Return where a resource is."""
    ref = subject.ref
    return {
        "provider": "AWS",
        "account": account(ref.account_id),
        "region": ref.region,
        "cloud_partition": ref.partition,
    }


def account(account_id: str) -> dict[str, Any]:
    """Return an AWS account; its name is not known, so that its id stands for it."""
    return {"uid": account_id, "name": account_id, **_AWS_ACCOUNT}


def resource_of(subject: Subject) -> dict[str, Any]:
    """Return a resource as a person would name it, with who is said to own it."""
    ref = subject.ref
    owner = subject.owner and {
        "name": subject.owner,
        "uid": subject.owner,
        "account": account(ref.account_id),
        **_UNKNOWN_TYPE,
    }
    return present(
        {
            "uid": subject.arn or ref.id,
            "uid_alt": ref.unique_id,
            "name": ref.id,
            "type": ref.type,
            "region": ref.region,
            "cloud_partition": ref.partition,
            "provider": "AWS",
            "owner": owner,
            "tags": pairs(subject.tags),
        }
    )


def analytic(rule_id: str, title: str, rule_hash: str) -> dict[str, Any]:
    """Return the rule that found something; its version is the hash of its text."""
    return {"uid": rule_id, "name": title, "version": rule_hash, **_RULE_TYPE}


def pairs(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a mapping as key-value objects; what is no text becomes JSON."""
    return [{"name": name, "value": _text(value)} for name, value in sorted(values.items())]


def evidences(found: Iterable[Evidence], cause: Cause | None) -> list[dict[str, Any]]:
    """Return the proof: who did what from where, then every place that fails."""
    return [*([_deed(cause)] if cause else []), *map(_place, found)]


def attestation(entry: SealedEntry, chain: str) -> dict[str, Any]:
    """Return the proof that the history entry behind an event is the one that was sealed."""
    previous = entry.prev and {
        "uid": event_uid(chain, entry.seq - 1),
        "fingerprint": _fingerprint(entry.prev),
    }
    return present(
        {
            "uid": event_uid(chain, entry.seq),
            "chain_uid": chain,
            "fingerprint": _fingerprint(entry.hash),
            "prev_event": previous,
        }
    )


def event_uid(chain: str, seq: int) -> str:
    """Return what names one state of a finding: another export gives it the same name."""
    return f"{chain}-{seq}"


def parameters_of(rule: Rule | None) -> list[dict[str, str]]:
    """Return the values a rule was set up with."""
    return pairs(rule.parameters) if rule else []


def milliseconds(instant: datetime | None) -> int | None:
    """Return an instant as OCSF's ``timestamp_t``."""
    return epoch_milliseconds(instant) if instant else None


def present(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is absent or empty; False and 0 say something."""
    return {
        name: value for name, value in fields.items() if value is not None and value not in _EMPTY
    }


_EMPTY: tuple[Any, ...] = ("", [], {})


def _deed(cause: Cause) -> dict[str, Any]:
    actor = cause.actor
    return present(
        {
            "uid": cause.event_id,
            "name": cause.event_name,
            "actor": _actor(actor),
            "api": {
                "operation": cause.event_name,
                "service": {"name": cause.event_source, "uid": cause.event_source},
            },
            "src_endpoint": _endpoint(actor.source_ip),
            "http_request": present({"user_agent": actor.user_agent}),
            "data": {"event_time": milliseconds(cause.event_time), "via": actor.via.value},
        }
    )


def _actor(actor: Actor) -> dict[str, Any]:
    user = {
        "name": actor.name or actor.type,
        "uid": actor.principal_id,
        "uid_alt": actor.arn,
        "full_name": actor.person,
        "account": actor.account_id and account(actor.account_id),
        **_USER_TYPES.get(actor.type, {"type": actor.type, "type_id": 99}),
    }
    session = {"uid": actor.session_name, "issuer": actor.issuer_arn, "is_mfa": actor.mfa}
    return present(
        {
            "user": present(user),
            "session": present(session),
            "app_name": actor.invoked_by or actor.tool,
        }
    )


def _endpoint(source: str | None) -> dict[str, Any] | None:
    """Return where a call came from: an address, or the name of a service that made it."""
    if not source:
        return None
    return {"name": source, "ip": source} if _is_address(source) else {"name": source}


def _is_address(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    # A zone ("%eth0") may be of any length; the schema allows 40 characters in all.
    return text == str(address) and "%" not in text


def _place(evidence: Evidence) -> dict[str, Any]:
    return present(
        {
            "name": evidence.path,
            "data": {
                "path": evidence.path,
                "actual": evidence.actual,
                "expected": evidence.expected,
                "because": list(evidence.because),
            },
        }
    )


def _fingerprint(value: str) -> dict[str, Any]:
    return {
        "value": value,
        **_SHA256,
        **_HEX,
        "serialization": SERIALIZATION,
        "serialization_id": 99,
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
