"""Completes what an example leaves out: items from the type's declarations, records from habit."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from jsonschema_rs import Draft202012Validator

from chalicelib.evaluate import _declared
from chalicelib.evaluate._declared import Schemas
from chalicelib.model import ConfigurationItem, Gap, GapReason, ResourceRef, ResourceType
from chalicelib.model.pointer import is_below, tokens_of
from chalicelib.model.rule import ANY

ACCOUNT = "111122223333"
REGION = "us-east-1"
NAME = "example"
#: Types whose one resource is the account, or its Region: what it is called.
WHOLE = {"Observed::Account::Global": ACCOUNT, "Observed::Account::Region": REGION}

SECTIONS = {"configuration": "properties", "observed": "observed"}
_ABSENT = object()

_SESSION = {"attributes": {"mfaAuthenticated": "false", "creationDate": "2026-01-01T00:00:00Z"}}
_IDENTITIES: Mapping[str, Mapping[str, Any]] = {
    "IAMUser": {
        "principalId": "AIDAEXAMPLEEXAMPLE000",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
        "accountId": ACCOUNT,
        "userName": "alice",
    },
    "Root": {"principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT},
    "AssumedRole": {
        "principalId": "AROAEXAMPLEEXAMPLE000:alice",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/operator/alice",
        "accountId": ACCOUNT,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLEEXAMPLE000",
                "arn": f"arn:aws:iam::{ACCOUNT}:role/operator",
                "accountId": ACCOUNT,
                "userName": "operator",
            },
            **_SESSION,
        },
    },
}
_RECORD: Mapping[str, Any] = {
    "eventVersion": "1.11",
    "eventTime": "2026-01-01T00:00:00Z",
    "awsRegion": REGION,
    "sourceIPAddress": "198.51.100.7",
    "userAgent": "aws-cli/2.31.0",
    "requestParameters": None,
    "responseElements": None,
    "requestID": "6f1d2c3b-0000-4000-8000-000000000001",
    "eventID": "6f1d2c3b-0000-4000-8000-000000000002",
    "readOnly": False,
    "eventType": "AwsApiCall",
    "managementEvent": True,
    "recipientAccountId": ACCOUNT,
    "eventCategory": "Management",
}
_SIGN_IN = {"eventType": "AwsConsoleSignIn"}
_SIGN_IN_SOURCE = "signin.amazonaws.com"


def example_ref(resource_type: ResourceType) -> ResourceRef:
    """Return the resource that a type's examples are about."""
    return ResourceRef(
        account_id=ACCOUNT,
        region="global" if resource_type.is_global else REGION,
        type=resource_type.type,
        id=WHOLE.get(resource_type.type, NAME),
    )


def completed_item(
    resource_type: ResourceType, example: Mapping[str, Any], now: datetime
) -> ConfigurationItem:
    """Return the complete item of an example, without facts.

    Raises:
        ValueError: The example gives what the type's schema does not allow.
    """
    schema = _declared.inlined(resource_type.schema)
    given = {section: example.get(key, {}) for key, section in SECTIONS.items()}
    document = completed(_merged(resource_type.defaults, given), (schema,))
    gaps = tuple(_gap(gap) for gap in example.get("gaps", ()))
    for gap in gaps:
        _blank(document, given, tokens_of(gap.pointer))
    if example["expect"] != "INSUFFICIENT_DATA":
        _check(document, schema, gaps)
    return ConfigurationItem(
        ref=example_ref(resource_type),
        properties=document["properties"],
        observed=document["observed"],
        gaps=gaps,
        started_at=now,
        ended_at=now,
    )


def completed(value: Any, schemas: Schemas) -> Any:
    """Fill in required names that are missing: null where allowed, else an empty list."""
    if isinstance(value, list):
        return [completed(one, _declared.elements(schemas)) for one in value]
    if not isinstance(value, Mapping):
        return value
    filled = {name: completed(v, _declared.child(schemas, name)) for name, v in value.items()}
    for name in _required(schemas) - filled.keys():
        filler = _filler(_declared.child(schemas, name))
        if filler is not _ABSENT:
            filled[name] = filler
    return filled


def completed_record(
    event: Mapping[str, Any], matches: Iterable[tuple[str, str]]
) -> dict[str, Any]:
    """Return a whole CloudTrail record; source and name default to the rule's first ones."""
    source, name = next(iter(matches))
    source = event.get("eventSource", source)
    named = {"eventSource": source} | ({} if name == ANY else {"eventName": name})
    sign_in = _SIGN_IN if source == _SIGN_IN_SOURCE else {}
    identity = {"type": "IAMUser", **event.get("userIdentity", {})}
    usual = _IDENTITIES.get(identity["type"], {"accountId": ACCOUNT})
    return {**_RECORD, **named, **sign_in, **event, "userIdentity": {**usual, **identity}}


def _required(schemas: Schemas) -> set[str]:
    return {n for schema in _declared.alternatives(schemas) for n in schema.get("required", ())}


def _filler(schemas: Schemas) -> Any:
    kinds = _declared.types(schemas)
    if "null" in kinds:
        return None
    if "array" in kinds:
        return []
    return completed({}, schemas) if "object" in kinds else _ABSENT


def _merged(base: Any, given: Any) -> Any:
    if isinstance(base, Mapping) and isinstance(given, Mapping):
        return {
            **base,
            **{key: _merged(base.get(key), value) for key, value in given.items()},
        }
    return given


def _gap(gap: str | Mapping[str, str]) -> Gap:
    given = {"pointer": gap} if isinstance(gap, str) else gap
    return Gap(
        pointer=given["pointer"],
        reason=GapReason(given.get("reason", GapReason.DENIED)),
        call=given.get("call", "aws:Describe"),
        error=given.get("error", "AccessDenied"),
    )


def _blank(document: Any, given: Any, path: tuple[str, ...]) -> None:
    """Put null at a gap, unless the example says what is known there in spite of it."""
    for token in path[:-1]:
        document = _step(document, token)
        given = _step(given, token)
    last = path[-1]
    if _step(given, last) is None and document is not None:
        document[int(last) if isinstance(document, list) else last] = None


def _step(value: Any, token: str) -> Any:
    if isinstance(value, list):
        return value[int(token)] if token.isdecimal() and int(token) < len(value) else None
    return value.get(token) if isinstance(value, Mapping) else None


def _check(document: Any, schema: Mapping[str, Any], gaps: Iterable[Gap]) -> None:
    unread = [tokens_of(gap.pointer) for gap in gaps]
    for error in Draft202012Validator(dict(schema)).iter_errors(document):
        path = tuple(map(str, error.instance_path))
        if not any(is_below(path, gap) for gap in unread):
            raise ValueError(f"{'/'.join(path)}: {error.message[:200]}")
