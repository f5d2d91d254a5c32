"""The ledger's word for a record."""

from typing import Any

import pytest

from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.disposition import disposition_of
from chalicelib.ingest.routing import Routing
from chalicelib.model import Change
from chalicelib.model.plugin import Route
from tests.builders import RECEIVED_AT, record, resource_type

ROUTE = Route(
    source="s3.amazonaws.com",
    actions=("PutBucketTagging",),
    ids=("requestParameters.bucketName",),
)


def change(**overrides: Any) -> Change:
    routing = Routing.of([resource_type("AWS::S3::Bucket", ROUTE)])
    return change_from(record(**overrides), routing, received_at=RECEIVED_AT)


@pytest.mark.parametrize(
    ("overrides", "relevant", "expected"),
    [
        pytest.param({}, True, "evaluated", id="a touched resource"),
        pytest.param({"eventName": "PutBucketPolicy"}, True, "evaluated", id="a change rule's"),
        pytest.param({"eventName": "PutBucketPolicy"}, False, "irrelevant", id="nobody's"),
        pytest.param({"errorCode": "AccessDenied"}, True, "failed-call", id="failed"),
        pytest.param({"errorCode": "AccessDenied"}, False, "irrelevant", id="failed and nobody's"),
        pytest.param({"readOnly": True}, True, "read-only", id="read-only"),
        pytest.param(
            {"readOnly": True, "errorCode": "Throttling"}, True, "failed-call", id="failed read"
        ),
    ],
)
def test_a_record_is_counted_once_under_the_reason_it_was_not_looked_at(
    overrides: dict[str, Any],
    relevant: bool,
    expected: str,
) -> None:
    assert disposition_of(change(**overrides), relevant=relevant) == expected
