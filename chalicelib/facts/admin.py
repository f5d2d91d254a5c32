"""Which statements of an identity policy make whoever holds it an administrator.

What a newcomer gets wrong: ``Action: "*"`` is only the plainest of four ways. A ``NotAction``
that leaves out a few services gives all the others; several statements can give everything
together; ``arn:aws:*`` is as wide as ``*``; and neither a condition nor a Deny of some actions
makes an administrator less of one (the CIS benchmarks say so, and the rows name the conditions).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib.facts._globs import covers
from chalicelib.facts._statements import Statement, statements_from

_CORE = """
    acm apigateway athena autoscaling backup cloudformation cloudfront cloudtrail cloudwatch
    codebuild codepipeline cognito-idp config dynamodb ec2 ecr ecs eks elasticache elasticfilesystem
    elasticloadbalancing elasticmapreduce es events firehose glue guardduty iam kinesis kms lambda
    logs organizations rds redshift route53 s3 sagemaker secretsmanager securityhub sns sqs ssm
    states sts
"""

#: Whoever has all of each of these has everything that matters, obscure services or not.
CORE_SERVICES = tuple(_CORE.split())

EVERYTHING = "everything"
EVERYTHING_BUT = "everything-but"
TOGETHER = "together"

_TEXTS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}

#: JSON Schema of `admin_grants`. Form: one statement gives ``everything``, or ``everything-but``
#: ExceptActions, or several do ``together``. Conditions: keys that all of it hangs on, as written.
#: Because: pointers relative to the policy.
ADMIN_GRANTS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Form": {"enum": [EVERYTHING, EVERYTHING_BUT, TOGETHER]},
            "Actions": _TEXTS,
            "ExceptActions": _TEXTS,
            "Conditions": _TEXTS,
            "Because": _TEXTS,
        },
        "required": ["Form", "Actions", "ExceptActions", "Conditions", "Because"],
        "additionalProperties": False,
    },
}

#: No action of an identity policy belongs to one service alone.
_ANY_SERVICE = "*"
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
_ELEMENTS = ("Action", "Resource")

# "?*" asks for one character more than "*", which every action and every ARN has.
_ANYTHING = re.compile(r"[*?]*\*[*?]*")


def admin_grants(policy: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the statements that grant every action on everything (`ADMIN_GRANTS_SCHEMA`).

    Takes one normalised policy; the Denies that count are those of everything to everybody.
    """
    statements = statements_from(_loosened(policy), _ANY_SERVICE)
    everywhere = [statement for statement in statements if _is_everywhere(statement)]
    if any(_denies_everything(statement) for statement in everywhere):
        return []
    allowed = [statement for statement in everywhere if statement.allows]
    alone = [_row(form, (s,)) for s in allowed if (form := _form_of(s))]
    return alone or list(_together(allowed))


def _loosened(policy: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if policy is None:
        return None
    return {"Statement": [_loose_statement(statement) for statement in policy["Statement"]]}


def _loose_statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    loose = {
        element: [_ANYTHING.sub("*", text) for text in statement[element]]
        for element in _ELEMENTS
        if element in statement
    }
    return {**statement, **loose}


def _is_everywhere(statement: Statement) -> bool:
    covered = any(
        _mentions(statement.resources.written(), f"arn:{partition}:*:*:*:*")
        for partition in _PARTITIONS
    )
    # NotResource leaves the rest of the world in reach, unless it names all of it.
    return covered != statement.resources.negated


def _mentions(patterns: Iterable[str], whole: str) -> bool:
    return any(covers(pattern, whole) for pattern in patterns)


def _form_of(statement: Statement) -> str | None:
    whole = sum(statement.actions.cover(f"{service}:*") for service in CORE_SERVICES)
    if not statement.actions.negated:
        return EVERYTHING if whole == len(CORE_SERVICES) else None
    return EVERYTHING_BUT if 2 * whole > len(CORE_SERVICES) else None


def _denies_everything(statement: Statement) -> bool:
    return not statement.allows and not statement.conditions and _form_of(statement) == EVERYTHING


def _together(statements: list[Statement]) -> Iterator[dict[str, Any]]:
    """Yield one row for statements that are harmless one by one and everything as a whole."""
    parts = tuple(s for s in statements if any(_gives_all_of(s, name) for name in CORE_SERVICES))
    if all(any(_gives_all_of(s, name) for s in parts) for name in CORE_SERVICES):
        yield _row(TOGETHER, parts)


def _gives_all_of(statement: Statement, service: str) -> bool:
    return statement.actions.cover(f"{service}:*")


def _row(form: str, statements: tuple[Statement, ...]) -> dict[str, Any]:
    written = [name for s in statements for name in _written(s, negated=False)]
    excepted = [name for s in statements for name in _written(s, negated=True)]
    return {
        "Form": form,
        "Actions": list(dict.fromkeys(written)),
        "ExceptActions": list(dict.fromkeys(excepted)),
        "Conditions": _conditions(statements),
        "Because": [statement.place for statement in statements],
    }


def _written(statement: Statement, *, negated: bool) -> Iterable[str]:
    return statement.spelled.values() if statement.actions.negated is negated else ()


def _conditions(statements: tuple[Statement, ...]) -> list[str]:
    """Return the keys of the conditions; none where a part holds without any."""
    if not all(statement.conditions for statement in statements):
        return []
    return list(dict.fromkeys(c.spelled for s in statements for c in s.conditions))
