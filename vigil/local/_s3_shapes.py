"""S3's records: the request's headers and its XML turned into JSON, as S3 itself writes them.

Lists are not lists here: one `Grant` is an object, two are a list. The sub-resource appears as
an empty key (`"acl": ""`), and a bucket policy is an object, not a string.
"""

import json
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict  # type: ignore[import-untyped] # ships no types

from vigil.local._call import Call

_GRANT_PREFIX = "x-amz-grant-"
_SHOWN_HEADERS = frozenset(
    {
        "x-amz-acl",
        "x-amz-bucket-object-lock-enabled",
        "x-amz-bypass-governance-retention",
        "x-amz-confirm-remove-self-bucket-access",
        "x-amz-object-ownership",
    }
)
_WORDS = {"true": True, "false": False}


def request_parameters(operation: Any, call: Call, bucket: str | None) -> dict[str, Any]:
    """Return the `requestParameters` of a call; `bucket` is None at account level."""
    parameters: dict[str, Any] = {"Host": call.header("host")}
    if bucket is not None:
        parameters["bucketName"] = bucket
    parameters |= dict.fromkeys(_sub_resources(operation), "")
    parameters |= _headers(call)
    if operation.name == "PutBucketPolicy":
        return parameters | {"bucketPolicy": _policy(call.body)}
    return parameters | _xml(call.body)


def _sub_resources(operation: Any) -> tuple[str, ...]:
    if operation.service_model.service_name == "s3control":
        return (operation.http_trait.path.rpartition("/")[2],)
    return tuple(operation.http_trait.query_args)


def _headers(call: Call) -> dict[str, Any]:
    sent = {
        name[len("HTTP_") :].lower().replace("_", "-"): str(value)
        for name, value in call.environ.items()
        if name.startswith("HTTP_X_AMZ_")
    }
    shown: dict[str, Any] = {name: sent[name] for name in sorted(_SHOWN_HEADERS & sent.keys())}
    grants = {
        name.replace("-", "_"): value
        for name, value in sent.items()
        if name.startswith(_GRANT_PREFIX)
    }
    return shown | ({"AccessControlList": grants} if grants else {})


def _policy(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return "invalid-json-policy"


def _xml(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        parsed = xmltodict.parse(body, attr_prefix="", cdata_key="content")
    except (ExpatError, ValueError):
        return {}
    return {name: _json(value) for name, value in parsed.items()}


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _json(entry) for name, entry in value.items() if name != "xmlns:xsi"}
    if isinstance(value, list):
        return [_json(entry) for entry in value]
    if value is None:
        return ""
    text = str(value)
    if text.isdecimal() and text.isascii() and text == str(int(text[:18])):
        return int(text)
    return _WORDS.get(text, text)
