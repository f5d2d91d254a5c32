"""The clients that functions use, with their refusal of answers that are none, on an empty account.

What a newcomer gets wrong: AWS says "nothing" in several ways, some of them empty to the last
byte but one. A listing that takes such an answer for a broken one fails in every quiet Region.
"""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from chalicelib import resources
from chalicelib.aws import Clients
from chalicelib.errors import PermanentError
from chalicelib.model import ResourceRef, ResourceType, SweepRequest
from chalicelib.plugins import discover
from chalicelib.resources import _frame
from tests.integration.resources.recorded_aws import ACCOUNT, StoppedClock
from tests.integration.resources.test_generic import everything

REGION = "eu-west-1"
TYPES = discover(resources, "RESOURCE_TYPE", ResourceType)
#: Listings that moto does not know, and answers with "no such operation".
UNKNOWN_TO_MOTO = {"AWS::Lambda::Url"}


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    with mock_aws():
        yield Clients()


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.type)
def test_a_listing_of_nothing_is_a_page_with_nothing(kind: ResourceType, clients: Clients) -> None:
    region = "global" if kind.is_global else REGION
    request = SweepRequest(account_id=ACCOUNT, region=region, type=kind.type)

    try:
        page = _frame.page(clients, kind, request, everything(kind), StoppedClock())
    except PermanentError:
        assert kind.type in UNKNOWN_TO_MOTO
    else:
        assert page.next_token is None


def test_a_bucket_that_never_had_versions_or_access_logs_says_so(clients: Clients) -> None:
    clients.client("s3", region=REGION).create_bucket(
        Bucket="plain", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    kind = next(t for t in TYPES if t.type == "AWS::S3::Bucket")
    ref = ResourceRef(account_id=ACCOUNT, region=REGION, type=kind.type, id="plain")

    item = _frame.describe(clients, kind, ref, everything(kind), StoppedClock())

    assert item is not None
    assert item.gaps == ()
