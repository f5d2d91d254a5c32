"""What Lambda's events say: of which function or URL, and which statements a call adds.

A function is named by its name, an ARN, half an ARN, each with or without an alias or version at
its end, and the same event may say the qualifier beside it. ``AddPermission`` has no document: the
statement it makes is a text in the answer, or has to be put together from the fields.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from chalicelib.facts.lambda_access import FUNCTION_OPENINGS_SCHEMA, function_openings
from chalicelib.facts.policy import OPENINGS_SCHEMA, PolicyError, normalise_policy, openings
from chalicelib.model.plugin import Record
from chalicelib.resources._payload import field, parameters_of

SOURCE = "lambda.amazonaws.com"
PERMISSIONS = "/observed/Permissions"
AUTH_TYPE = "/properties/AuthType"

#: The qualifier of a function's own policy.
LATEST = "$LATEST"

_AUTH_TYPES = frozenset({"NONE", "AWS_IAM"})
_FUNCTION = re.compile(
    r"(?:arn:[a-z-]{1,20}:lambda:[a-z0-9-]{1,30}:)?(?:\d{12}:)?(?:function:)?"
    r"(?P<name>[A-Za-z0-9_-]{1,140})(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]{1,128}))?",
    re.ASCII,
)
#: AddPermission's field → condition operator and key.
_CONDITIONS: Mapping[str, tuple[str, str]] = {
    "sourceArn": ("ArnLike", "AWS:SourceArn"),
    "sourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "principalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "organizationId": ("StringEquals", "aws:PrincipalOrgID"),
    "eventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "functionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "invokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}

#: FunctionUrl: what authentication a call asks a URL to want; null where it does not say.
FUNCTION_CHANGE_FACTS: Mapping[str, Mapping[str, Any]] = {
    "FunctionOpenings": FUNCTION_OPENINGS_SCHEMA,
    "LayerOpenings": OPENINGS_SCHEMA,
}
URL_CHANGE_FACTS: Mapping[str, Mapping[str, Any]] = {
    "FunctionUrl": {
        "type": "object",
        "properties": {"AuthType": {"type": ["string", "null"]}},
        "required": ["AuthType"],
        "additionalProperties": False,
    }
}

Proposal = Mapping[str, Any]
Statements = list[dict[str, Any]]


def function_id(raw: str, record: Record) -> str | None:
    """Return the name of the function an event is about; None for layers and for a version."""
    found = _FUNCTION.fullmatch(raw)
    if found is None or field(parameters_of(record), "layerName") is not None:
        return None
    deleted = str(field(record, "eventName") or "").startswith("DeleteFunction")
    is_version = deleted and _qualifier(raw, record) != LATEST
    # DeleteFunctionUrlConfig never gets here: it names URLs.
    return None if is_version else found["name"]


def url_id(raw: str, record: Record) -> str | None:
    """Return the id of the URL an event is about: function name, and alias where it is one's."""
    found = _FUNCTION.fullmatch(raw)
    return found and url_name(found["name"], _qualifier(raw, record))


def named_function(raw: str, _record: Record) -> str | None:
    """Return the name of a function, whatever happened to it."""
    found = _FUNCTION.fullmatch(raw)
    return found and found["name"]


def url_name(function: str, qualifier: str) -> str:
    """Return the id of a URL: the function's name, and the alias where it is an alias's."""
    return function if qualifier == LATEST else f"{function}:{qualifier}"


def statements_of(policy: Any) -> Statements:
    """Return the normalised statements of a policy, text or object; none where there is none.

    Raises:
        PolicyError: It is no policy.
    """
    normal = normalise_policy(policy)
    return [] if normal is None else normal["Statement"]


def permissions_of(qualifier: str, statements: Iterable[Any]) -> list[dict[str, Any]]:
    """Return statements as rows of ``Permissions``."""
    return [{"Qualifier": qualifier, "Statement": statement} for statement in statements]


def added_permissions(record: Record) -> Proposal:
    """Propose what AddPermission or PutResourcePolicy adds to a function."""
    return {PERMISSIONS: permissions_of(_qualifier_of(record), _written(record))}


def added_statements(record: Record) -> Proposal:
    """Propose the same as a URL's item holds it."""
    return {PERMISSIONS: _written(record)}


def nothing_added(_: Record) -> Proposal:
    """Propose no statement: whatever the call does, it lets nobody in."""
    return {PERMISSIONS: []}


def asked_auth_type(record: Record) -> Proposal:
    """Propose the authentication that a call asks a URL to want."""
    asked = _auth_type(record)
    return {} if asked is None else {AUTH_TYPE: asked}


def derived_function_openings(record: Record) -> Proposal:
    """Derive whom the statements of a call let use a function."""
    statements = _written(record) or _asked(record)
    rows = permissions_of(_qualifier_of(record), statements)
    return {"FunctionOpenings": function_openings(rows, _account_of(record))}


def derived_layer_openings(record: Record) -> Proposal:
    """Derive whom AddLayerVersionPermission lets use a layer."""
    policy = {"Statement": _written(record) or _asked(record)}
    rows = openings(policy, account_id=_account_of(record), kind="lambda")
    return {"LayerOpenings": rows}


def derived_auth_type(record: Record) -> Proposal:
    """Derive the authentication that a call asks a URL to want."""
    return {"FunctionUrl": {"AuthType": _auth_type(record)}}


def _written(record: Record) -> Statements:
    """Return the statements that AWS answered to have stored, or was given as a document."""
    answered = field(field(record, "responseElements"), "statement")
    try:
        if isinstance(answered, str):
            return statements_of({"Statement": msgspec.json.decode(answered.encode())})
        return statements_of(field(parameters_of(record), "policy"))
    except (PolicyError, msgspec.DecodeError, UnicodeEncodeError):
        return []


def _asked(record: Record) -> Statements:
    """Return the statement that the fields of a request come to."""
    parameters = parameters_of(record)
    action, principal = field(parameters, "action"), field(parameters, "principal")
    if not (isinstance(action, str) and isinstance(principal, str)):
        return []
    condition: dict[str, dict[str, Any]] = {}
    for name, (operator, key) in _CONDITIONS.items():
        if isinstance(value := field(parameters, name), str | bool):
            condition.setdefault(operator, {})[key] = value
    statement = {"Effect": "Allow", "Principal": _principal(principal), "Action": action}
    return statements_of({"Statement": {**statement, "Condition": condition}})


def _principal(name: str) -> Any:
    if name == "*":
        return name
    return {"Service": name} if "." in name and not name.startswith("arn:") else {"AWS": name}


def _qualifier_of(record: Record) -> str:
    parameters = parameters_of(record)
    raw = field(parameters, "functionName") or field(parameters, "resourceArn")
    return _qualifier(raw if isinstance(raw, str) else "", record)


def _qualifier(raw: str, record: Record) -> str:
    said = field(parameters_of(record), "qualifier")
    if isinstance(said, str) and said:
        return said
    found = _FUNCTION.fullmatch(raw)
    return (found and found["qualifier"]) or LATEST


def _auth_type(record: Record) -> str | None:
    asked = field(parameters_of(record), "authType")
    return asked if isinstance(asked, str) and asked in _AUTH_TYPES else None


def _account_of(record: Record) -> str:
    return str(field(record, "recipientAccountId") or "")
