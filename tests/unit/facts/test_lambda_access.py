"""Who may use a function, and who may run it through its URL."""

import itertools
from typing import Any

import pytest

from chalicelib.facts.lambda_access import function_openings, url_openings
from chalicelib.facts.policy import normalise_policy

OWNER = "111122223333"
OTHER = "999988887777"
BUCKET_ARN = "arn:aws:s3:::example"
TOPIC_ARN = f"arn:aws:sns:eu-west-1:{OWNER}:orders"
OLD, NEW = "2024-05-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z"
URL_NONE = {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}
URL_IAM = {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}
VIA_URL = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}


def statement(
    principal: Any = "*",
    action: str = "lambda:InvokeFunction",
    condition: dict[str, Any] | None = None,
    effect: str = "Allow",
) -> Any:
    raw = {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*"}
    policy = normalise_policy({"Statement": {**raw, "Condition": condition or {}}})
    assert policy is not None
    return policy["Statement"][0]


def service(name: str, **condition: Any) -> Any:
    return statement({"Service": name}, condition=condition)


def opened(*statements: Any, qualifier: str = "$LATEST") -> list[dict[str, Any]]:
    rows = [{"Qualifier": qualifier, "Statement": each} for each in statements]
    return function_openings(rows, OWNER)


@pytest.mark.parametrize(
    ("condition", "audience"),
    [
        pytest.param({}, "anyone", id="no condition"),
        pytest.param(
            {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, "restricted", id="one org"
        ),
        pytest.param({"StringEquals": {"aws:SourceAccount": OWNER}}, "restricted", id="account"),
        pytest.param(URL_IAM, "any-aws-account", id="signed URL"),
        pytest.param(URL_NONE, "anyone", id="anonymous URL"),
    ],
)
def test_a_star_is_as_wide_as_its_conditions(condition: dict[str, Any], audience: str) -> None:
    assert [row["Audience"] for row in opened(statement(condition=condition))] == [audience]


@pytest.mark.parametrize(
    ("given", "source"),
    [
        pytest.param(service("s3.amazonaws.com"), "absent", id="s3 alone"),
        pytest.param(
            service("s3.amazonaws.com", ArnLike={"AWS:SourceArn": BUCKET_ARN}),
            "absent",
            id="s3 for a bucket of whoever has the name",
        ),
        pytest.param(
            service(
                "s3.amazonaws.com",
                ArnLike={"AWS:SourceArn": BUCKET_ARN},
                StringEquals={"aws:sourceaccount": OWNER},
            ),
            "present",
            id="s3 for a bucket of the account",
        ),
        pytest.param(
            service("sns.amazonaws.com", ArnLike={"AWS:SourceArn": TOPIC_ARN}),
            "present",
            id="a topic",
        ),
        pytest.param(
            service(
                "events.amazonaws.com",
                ArnLike={"AWS:SourceArn": f"arn:aws:events:eu-west-1:{OWNER}:rule/*"},
            ),
            "present",
            id="rules of an account",
        ),
        pytest.param(
            service(
                "apigateway.amazonaws.com",
                ArnLike={"AWS:SourceArn": f"arn:aws:execute-api:eu-west-1:{OWNER}:a1b2/*/GET/x"},
            ),
            "present",
            id="an API",
        ),
        pytest.param(service("apigateway.amazonaws.com"), "absent", id="any API"),
        pytest.param(service("alexa-appkit.amazon.com"), "absent", id="any skill"),
        pytest.param(
            service(
                "alexa-appkit.amazon.com",
                StringEquals={"lambda:EventSourceToken": "amzn1.ask.skill.1"},
            ),
            "present",
            id="one skill",
        ),
        pytest.param(
            statement({"Service": "replicator.lambda.amazonaws.com"}, "lambda:GetFunction"),
            None,
            id="a service that may not invoke",
        ),
    ],
)
def test_a_service_is_bound_by_a_source_that_names_an_account(
    given: Any, source: str | None
) -> None:
    (row,) = opened(given)

    assert (row["Audience"], row["SourceCondition"]) == ("aws-service", source)


def test_a_deny_binds_a_service_as_well() -> None:
    deny = statement(
        condition={"StringNotEquals": {"aws:SourceAccount": OWNER}},
        effect="Deny",
        action="lambda:*",
    )

    (row,) = opened(service("s3.amazonaws.com"), deny)

    assert row["SourceCondition"] == "present"


@pytest.mark.parametrize(
    ("given", "only"),
    [
        pytest.param(statement(), False, id="invoke"),
        # Asked directly a request has no authentication type, so that NONE never fits it.
        pytest.param(statement(action="lambda:*", condition=URL_NONE), True, id="all, NONE"),
        pytest.param(
            statement(action="lambda:InvokeFunctionUrl", condition=URL_NONE), True, id="URL, NONE"
        ),
        pytest.param(
            statement(action="lambda:InvokeFunctionUrl", condition=URL_IAM), False, id="URL, IAM"
        ),
        pytest.param(statement(action="lambda:InvokeFunctionUrl"), False, id="URL of either kind"),
        pytest.param(statement(condition=VIA_URL), True, id="the second statement of a URL"),
        pytest.param(statement({"AWS": OTHER}, condition=VIA_URL), False, id="not the public"),
    ],
)
def test_a_statement_for_anonymous_urls_is_told_apart(given: Any, only: bool) -> None:
    (row,) = opened(given)

    assert row["OnlyAnonymousUrl"] is only


def test_each_qualifier_has_a_policy_of_its_own() -> None:
    deny = {"Qualifier": "live", "Statement": statement(effect="Deny", action="lambda:*")}
    rows = [
        {"Qualifier": "$LATEST", "Statement": statement({"AWS": OTHER})},
        deny,
        {"Qualifier": "live", "Statement": statement()},
        {"Qualifier": "7", "Statement": statement()},
    ]

    found = function_openings(rows, OWNER)

    assert [(row["Qualifier"], row["Audience"], row["Because"]) for row in found] == [
        ("$LATEST", "outsiders", ["/0"]),
        ("7", "anyone", ["/3"]),
    ]


TO_URL = statement(action="lambda:InvokeFunctionUrl", condition=URL_NONE)
TO_INVOKE = statement(condition=VIA_URL)
NAMED = statement({"AWS": OTHER}, "lambda:InvokeFunctionUrl")


@pytest.mark.parametrize(
    ("statements", "auth_type", "created", "because"),
    [
        pytest.param([TO_URL, TO_INVOKE], "NONE", NEW, [["/0", "/1"]], id="both"),
        pytest.param([TO_URL], "NONE", NEW, [], id="new with one"),
        pytest.param([TO_INVOKE], "NONE", NEW, [], id="new with the other"),
        pytest.param([TO_URL], "NONE", OLD, [["/0"]], id="old with one"),
        pytest.param([TO_URL], "NONE", "", [["/0"]], id="age unknown"),
        pytest.param([TO_INVOKE], "NONE", OLD, [], id="old with the other"),
        pytest.param([], "NONE", OLD, [], id="nobody is let in"),
        pytest.param([TO_URL, TO_INVOKE], "AWS_IAM", NEW, [], id="callers sign"),
        pytest.param([NAMED], "NONE", OLD, [], id="nobody can prove to be that account"),
        pytest.param([statement(action="*")], "NONE", NEW, [["/0"]], id="one statement for all"),
        pytest.param(
            [TO_URL, statement(effect="Deny", action="lambda:InvokeFunctionUrl")],
            "NONE",
            OLD,
            [],
            id="denied",
        ),
        pytest.param(
            [
                statement(
                    action="lambda:InvokeFunctionUrl",
                    condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
                )
            ],
            "NONE",
            OLD,
            [],
            id="an organisation nobody can prove to be of",
        ),
    ],
)
def test_a_url_without_authentication_is_as_open_as_its_statements(
    statements: list[Any], auth_type: str, created: str, because: list[list[str]]
) -> None:
    rows = url_openings(statements, auth_type=auth_type, created=created)

    assert [row["Because"] for row in rows] == because


def lets_anybody_in(statements: list[Any], action: str) -> bool:
    """Brute force: what Lambda asks of each call, over statements of three plain kinds."""
    allowed = [s for s in statements if s["Effect"] == "Allow" and s["Principal"] == {"AWS": ["*"]}]
    return any(action in s["Action"] for s in allowed)


KINDS = (
    TO_URL,
    TO_INVOKE,
    NAMED,
    statement({"AWS": OWNER}),
    service("s3.amazonaws.com"),
)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_urls_agree_with_asking_lambda_for_each_call(size: int) -> None:
    for chosen in itertools.product(KINDS, repeat=size):
        statements = list(chosen)
        to_url = lets_anybody_in(statements, "lambda:InvokeFunctionUrl")
        to_invoke = lets_anybody_in(statements, "lambda:InvokeFunction")

        assert bool(url_openings(statements, auth_type="NONE", created=OLD)) is to_url
        assert bool(url_openings(statements, auth_type="NONE", created=NEW)) is (
            to_url and to_invoke
        )
