"""Policy documents in one form, whatever form they arrive in."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from chalicelib.facts.policy import POLICY_SCHEMA, PolicyError, normalise_policy, openings

SCALARS: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": {
        "Sid": "one",
        "Effect": "Allow",
        "Principal": {"AWS": "111122223333"},
        "Action": "S3:GetObject",
        "Resource": "arn:aws:s3:::shop/*",
        "Condition": {"Bool": {"aws:SecureTransport": True}, "NumericLessThan": {"a:b": 5}},
    },
}
LISTS: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "one",
            "Effect": "Allow",
            "Principal": {"AWS": ["111122223333"]},
            "Action": ["S3:GetObject"],
            "Resource": ["arn:aws:s3:::shop/*"],
            "Condition": {
                "Bool": {"aws:SecureTransport": ["true"]},
                "NumericLessThan": {"a:b": ["5"]},
            },
        }
    ],
}


@pytest.mark.parametrize(
    "document",
    [
        SCALARS,
        LISTS,
        json.dumps(SCALARS),
        json.dumps(LISTS, indent=2).encode(),
        quote(json.dumps(SCALARS)),
        {key.lower(): value for key, value in SCALARS.items()},
    ],
    ids=["object", "lists", "text", "bytes", "url-encoded", "lower-case"],
)
def test_every_form_of_a_policy_becomes_the_same(document: Any) -> None:
    assert normalise_policy(document) == LISTS


@pytest.mark.parametrize("document", [None, "", "  \n"], ids=["null", "empty", "blank"])
def test_no_policy_stays_none(document: Any) -> None:
    assert normalise_policy(document) is None


def test_a_star_has_one_spelling() -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*"}

    policy = normalise_policy({"Statement": statement})

    assert policy is not None
    assert policy["Statement"][0]["Principal"] == {"AWS": ["*"]}
    assert policy["Version"] == "2008-10-17"


@pytest.mark.parametrize(
    "document",
    [
        "not json",
        "[" * 100_000,
        "invalid-json-policy",
        "%7Bbroken",
        "\ud800",
        7,
        [],
        {},
        {"Statement": ["text"]},
        {"Statement": {"Action": "s3:*"}},
        {"Statement": {"Effect": "Perhaps"}},
        {"Statement": {"Effect": "Allow", "Principal": "somebody"}},
        {"Statement": {"Effect": "Allow", "Principal": ["*"]}},
        {"Statement": {"Effect": "Allow", "Principals": "*"}},
        {"Statement": {"Effect": "Allow", "Action": "a", "action": "b"}},
        {"Statement": {"Effect": "Allow", "Action": {"a": "b"}}},
        {"Statement": {"Effect": "Allow", "Action": None}},
        {"Statement": {"Effect": "Allow", "Condition": []}},
        {"Statement": {"Effect": "Allow", "Condition": {"Bool": "x"}}},
        {"Statement": {"Effect": "Allow", "Condition": {"Bool": {"x": [["y"]]}}}},
    ],
    ids=lambda document: str(document)[:50].encode("ascii", "replace").decode(),
)
def test_what_aws_would_not_store_is_refused(document: Any) -> None:
    with pytest.raises(PolicyError):
        normalise_policy(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Version", "Statement", "Effect", "Principal", "Action", "Condition", "AWS", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON | JSON.map(json.dumps) | st.text() | st.binary())
def test_any_input_is_normalised_or_refused(document: Any) -> None:
    try:
        policy = normalise_policy(document)
    except PolicyError:
        return

    Draft202012Validator(POLICY_SCHEMA).validate(policy)
    assert normalise_policy(policy) == policy
    assert isinstance(openings(policy, account_id="111122223333", kind="s3"), list)
