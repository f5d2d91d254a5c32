"""Who may call a Lambda function: directly, through a URL of it, or through an AWS service.

A function has one policy for itself and one for each alias and version, so that a statement counts
with its qualifier. A statement for function URLs opens nothing by itself: whether the URL asks for
credentials is the URL's own setting.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib.facts._callers import (
    ABSENT,
    ANONYMOUS,
    FOREIGNER,
    SERVICE,
    SOURCE_ARN,
    Caller,
    names_account,
)
from chalicelib.facts._conditions import Domain, fixed, foreign
from chalicelib.facts._principals import Audience
from chalicelib.facts._statements import Denies, Statement, statements_from
from chalicelib.facts.policy import OPENINGS_SCHEMA, PUBLIC_AUDIENCES, openings

INVOKE = "lambda:invokefunction"
INVOKE_URL = "lambda:invokefunctionurl"

_URL_AUTH = "lambda:functionurlauthtype"
_VIA_URL = "lambda:invokedviafunctionurl"
_ANONYMOUS_AUTH = "NONE"
_FIRST_DAY_OF_BOTH = "2025-11-01"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NO_ACCOUNT = ":::"

_TEXTS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}

#: JSON Schema of `function_openings`: one row per statement and audience.
#:
#: Qualifier: ``$LATEST`` for the function itself, else alias or version.
#: SourceCondition: services that may invoke only: whether a condition says for whom they act. The
#: ARN of a bucket holds no account and says nothing of the kind.
#: OnlyAnonymousUrl: of use only to a URL that asks for no credentials.
FUNCTION_OPENINGS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Qualifier": {"type": "string"},
            "Audience": {"enum": [audience.value for audience in Audience]},
            "Principals": _TEXTS,
            "Actions": _TEXTS,
            "Limits": _TEXTS,
            "SourceCondition": OPENINGS_SCHEMA["items"]["properties"]["SourceCondition"],
            "OnlyAnonymousUrl": {"type": "boolean"},
            "Because": _TEXTS,
        },
        "required": [
            "Qualifier",
            "Audience",
            "Principals",
            "Actions",
            "Limits",
            "SourceCondition",
            "OnlyAnonymousUrl",
            "Because",
        ],
        "additionalProperties": False,
    },
}

#: JSON Schema of `url_openings`. Because: every statement that the opening needs.
URL_OPENINGS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"Actions": _TEXTS, "Because": _TEXTS},
        "required": ["Actions", "Because"],
        "additionalProperties": False,
    },
}

_NEVER_VIA_URL = Domain(absent=True, admits=fixed("false"))
_ALWAYS_VIA_URL = Domain(absent=False, admits=fixed("true"))


def _in_an_account(pattern: str) -> bool:
    return names_account(pattern) and _NO_ACCOUNT not in pattern


#: Somebody of another account who calls Lambda's API.
_DIRECT = Caller(keys={**FOREIGNER.keys, _URL_AUTH: ABSENT, _VIA_URL: _NEVER_VIA_URL})
#: Somebody of another account who signs a call to a URL.
_SIGNED_URL = Caller(
    keys={
        **FOREIGNER.keys,
        _URL_AUTH: Domain(absent=False, admits=fixed("AWS_IAM")),
        _VIA_URL: _ALWAYS_VIA_URL,
    }
)
#: Anybody who calls a URL that asks for no credentials.
_ANONYMOUS_URL = Caller(
    keys={
        **ANONYMOUS.keys,
        _URL_AUTH: Domain(absent=False, admits=fixed(_ANONYMOUS_AUTH)),
        _VIA_URL: _ALWAYS_VIA_URL,
    },
    tags=ANONYMOUS.tags,
)
#: A service that acts for a resource which anybody may have by that name tomorrow.
_ANY_SERVICE = Caller(
    keys={**SERVICE.keys, SOURCE_ARN: Domain(absent=True, admits=foreign(_in_an_account))},
    tags=SERVICE.tags,
)

Row = dict[str, Any]
StatementRow = Mapping[str, Any]


def function_openings(permissions: Iterable[StatementRow], account_id: str) -> list[Row]:
    """Return who may use a function (`FUNCTION_OPENINGS_SCHEMA`).

    Args:
        permissions: ``{"Qualifier", "Statement"}`` rows with normalised statements; what a row
            rests on is named by its place, ``/0``.
        account_id: Owner of the function.
    """
    policies: dict[str, list[tuple[int, Any]]] = {}
    for place, row in enumerate(permissions):
        policies.setdefault(row["Qualifier"], []).append((place, row["Statement"]))
    return [
        row
        for qualifier, placed in policies.items()
        for row in _policy_openings(qualifier, placed, account_id)
    ]


def url_openings(
    statements: Iterable[Mapping[str, Any]], *, auth_type: str, created: str
) -> list[Row]:
    """Return by which statements anybody may call a URL (`URL_OPENINGS_SCHEMA`).

    Args:
        statements: Of the function or alias that the URL is of, normalised, in their order.
        auth_type: The URL's; with any other than ``NONE`` it is open to nobody without credentials.
        created: When the URL was made, ISO 8601: since late 2025 a new URL needs both actions
            allowed; older ones, and those of which it is not known, need one.
    """
    if auth_type != _ANONYMOUS_AUTH:
        return []
    compiled = statements_from({"Statement": list(statements)}, "lambda")
    denies = Denies.of(compiled)
    to_url = [s for s in compiled if _lets_in(s, INVOKE_URL, denies)]
    to_invoke = [s for s in compiled if _lets_in(s, INVOKE, denies)]
    if _needs_both(created) and not to_invoke:
        return []
    completing = to_invoke[:1] if _needs_both(created) else []
    return [
        {
            "Actions": list(
                dict.fromkeys(a for s in (one, *completing) for a in s.spelled.values())
            ),
            "Because": list(dict.fromkeys(_number(s) for s in (one, *completing))),
        }
        for one in to_url
    ]


def _policy_openings(
    qualifier: str, placed: list[tuple[int, Any]], account_id: str
) -> Iterator[Row]:
    policy = {"Statement": [statement for _, statement in placed]}
    compiled = statements_from(policy, "lambda")
    denies = Denies.of(compiled)
    for row in openings(policy, account_id=account_id, kind="lambda"):
        index = int(row["Because"][0].rpartition("/")[2])
        statement = compiled[index]
        yield {
            "Qualifier": qualifier,
            **{name: row[name] for name in ("Audience", "Principals", "Actions", "Limits")},
            "SourceCondition": _source_condition(row, statement, denies),
            "OnlyAnonymousUrl": _is_only_for_anonymous_urls(row, statement),
            "Because": [f"/{placed[index][0]}"],
        }


def _source_condition(row: Row, statement: Statement, denies: Denies) -> str | None:
    if row["Audience"] != Audience.SERVICE or not statement.actions.cover(INVOKE):
        return None
    binding = denies.binding(_ANY_SERVICE)
    services = [p for p in statement.principals.named or () if p.kind == "service"]
    denials = [denies.for_principal(service, binding) for service in services]
    if statement.principals.admit_everyone:
        denials.append(denies.for_stranger(_ANY_SERVICE))
    is_open = any(all(each.surviving(statement)) for each in denials)
    return "absent" if is_open and statement.reached_by(_ANY_SERVICE) else "present"


def _is_only_for_anonymous_urls(row: Row, statement: Statement) -> bool:
    if row["Audience"] not in PUBLIC_AUDIENCES:
        return False
    directly = statement.reached_by(_DIRECT) and set(statement.wanted) != {INVOKE_URL}
    signed = statement.actions.cover(INVOKE_URL) and statement.reached_by(_SIGNED_URL)
    return not directly and not signed


def _lets_in(statement: Statement, action: str, denies: Denies) -> bool:
    """Tell whether a statement lets anybody do `action` through a URL without credentials."""
    if not (statement.allows and statement.principals.admit_everyone):
        return False
    denials = denies.for_stranger(_ANONYMOUS_URL)
    return (
        statement.actions.cover(action)
        and statement.reached_by(_ANONYMOUS_URL)
        and any(not denials.on(action, resource) for resource in statement.located)
    )


def _needs_both(created: str) -> bool:
    day = created[: len(_FIRST_DAY_OF_BOTH)]
    return bool(_DAY.fullmatch(day)) and day >= _FIRST_DAY_OF_BOTH


def _number(statement: Statement) -> str:
    return f"/{statement.place.rpartition('/')[2]}"
