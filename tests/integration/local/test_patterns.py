"""Event patterns match what EventBridge would match."""

from typing import Any

import pytest

from vigil.local._patterns import PatternError, matches

EVENT: dict[str, Any] = {
    "source": "aws.s3",
    "detail-type": "AWS API Call via CloudTrail",
    "detail": {
        "eventName": "PutBucketAcl",
        "errorCode": None,
        "readOnly": False,
        "tags": ["a", "b"],
        "count": 1,
        "records": [{"id": "x"}, {"id": "y"}],
    },
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({}, True),
        ({"source": ["aws.s3"]}, True),
        ({"source": ["aws.ec2", "aws.s3"]}, True),
        ({"source": ["aws.ec2"]}, False),
        ({"source": []}, False),
        ({"source": ["aws.s3"], "detail": {"eventName": ["Other"]}}, False),
        ({"source": [{"prefix": "aws."}]}, True),
        ({"source": [{"prefix": "s3"}]}, False),
        ({"detail": {"eventName": [{"suffix": "Acl"}]}}, True),
        ({"detail": {"eventName": [{"equals-ignore-case": "putbucketacl"}]}}, True),
        ({"detail": {"eventName": [{"anything-but": ["PutBucketAcl"]}]}}, False),
        ({"detail": {"eventName": [{"anything-but": "PutBucketPolicy"}]}}, True),
        ({"detail": {"eventName": [{"anything-but": {"prefix": "Put"}}]}}, False),
        ({"detail": {"missing": [{"anything-but": "x"}]}}, False),
        ({"detail": {"missing": [{"exists": False}]}}, True),
        ({"detail": {"missing": [{"exists": True}]}}, False),
        ({"detail": {"errorCode": [{"exists": True}]}}, True),
        ({"detail": {"errorCode": [None]}}, True),
        ({"detail": {"readOnly": [False]}}, True),
        ({"detail": {"readOnly": [0]}}, False),
        ({"detail": {"count": [True]}}, False),
        ({"detail": {"tags": ["b"]}}, True),
        ({"detail": {"tags": ["c"]}}, False),
        ({"detail": {"records": {"id": ["y"]}}}, True),
        ({"nowhere": {"deep": [{"exists": False}]}}, True),
        ({"nowhere": {"deep": ["x"]}}, False),
        ({"$or": [{"source": ["aws.ec2"]}, {"detail": {"eventName": ["PutBucketAcl"]}}]}, True),
        ({"$or": [{"source": ["aws.ec2"]}, {"source": ["aws.rds"]}]}, False),
        ({"source": ["aws.ec2"], "$or": [{"source": ["aws.s3"]}]}, False),
    ],
    ids=str,
)
def test_a_pattern_matches(pattern: dict[str, Any], expected: bool) -> None:
    assert matches(pattern, EVENT) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": "aws.s3"},
        {"source": [{"numeric": [">", 1]}]},
        {"source": [{"prefix": "a", "suffix": "b"}]},
    ],
    ids=str,
)
def test_what_is_not_understood_is_an_error(pattern: dict[str, Any]) -> None:
    with pytest.raises(PatternError):
        matches(pattern, EVENT)
