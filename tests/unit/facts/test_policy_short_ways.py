"""Short cuts through policies: what is recognised at a glance means what the long way says."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.facts._s3_reach import Bucket
from chalicelib.facts._statements import statements_from
from chalicelib.facts.policy import normalise_policy
from chalicelib.facts.s3_access import _could_admit_everyone
from chalicelib.facts.s3_tls import plaintext_openings

BUCKET = Bucket(name="example")
ARN = "arn:aws:s3:::example"

PRINCIPALS = st.sampled_from(
    ("*", {"AWS": "*"}, {"AWS": ["a", "*"]}, {"Service": "*"}, {"AWS": "arn:aws:iam::*:root"}, {})
)
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(("Allow", "Deny"))},
    optional={
        "Sid": st.just("x"),
        "Principal": PRINCIPALS,
        "NotPrincipal": PRINCIPALS,
        "Action": st.sampled_from(("s3:*", "*", ["s3:GetObject", "s3:*"], "s3:Get*", [])),
        "NotAction": st.just("s3:ListBucket"),
        "Resource": st.sampled_from(
            ("*", ARN, f"{ARN}/*", [ARN, f"{ARN}/*"], [f"{ARN}/*", ARN, "x"], [])
        ),
        "NotResource": st.just("y"),
        "Condition": st.sampled_from(
            (
                {"Bool": {"aws:SecureTransport": "false"}},
                {"Bool": {"aws:SecureTransport": ["false", "true"]}},
                {"BoolIfExists": {"aws:SecureTransport": False}},
                {"Bool": {"aws:SecureTransport": "false"}, "StringLike": {"aws:UserAgent": "x"}},
                {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
                {},
            )
        ),
    },
)


def respelled(statement: dict[str, Any]) -> dict[str, Any]:
    """Write a statement so that nothing in it is recognised at a glance, meaning the same."""
    condition = statement.get("Condition")
    if condition is None:
        return statement
    louder = {
        operator: {key.upper(): values for key, values in keys.items()}
        for operator, keys in condition.items()
    }
    return {**statement, "Condition": louder}


@given(st.lists(STATEMENTS, max_size=3))
@settings(deadline=None, max_examples=300)
def test_a_textbook_deny_closes_what_the_same_deny_in_capitals_closes(
    statements: list[dict[str, Any]],
) -> None:
    plain = normalise_policy({"Statement": statements})
    loud = normalise_policy({"Statement": [respelled(s) for s in statements]})

    assert plaintext_openings(plain, BUCKET) == plaintext_openings(loud, BUCKET)


def test_a_textbook_deny_closes_everything() -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [ARN, f"{ARN}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }

    assert plaintext_openings(normalise_policy({"Statement": deny}), BUCKET) == []


@given(STATEMENTS)
def test_whoever_admits_everyone_is_looked_at(statement: dict[str, Any]) -> None:
    policy = normalise_policy({"Statement": statement})
    assert policy is not None

    (compiled,) = statements_from(policy, "s3")

    if compiled.allows and compiled.principals.admit_everyone:
        assert _could_admit_everyone(policy["Statement"][0])


@given(STATEMENTS)
def test_element_names_in_any_case_read_the_same(statement: dict[str, Any]) -> None:
    lower = {name.lower(): value for name, value in statement.items()}

    assert normalise_policy({"Statement": statement}) == normalise_policy({"statement": lower})
