"""Access logs of distributions, of which there are two kinds."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.facts.distribution_logs import log_shortfalls, logs_are_settled
from chalicelib.model import FacetReading, ResourceRef
from chalicelib.resources import _frame

REF = ResourceRef(
    account_id="111122223333",
    region="global",
    type="AWS::CloudFront::Distribution",
    id="E1EXAMPLE",
)
LOGGING = {"Bucket": "logs.s3.amazonaws.com", "Prefix": None}
DELIVERY = {"Id": "d1", "DeliverySourceName": "site", "DeliveryDestinationArn": None}


@pytest.mark.parametrize(
    ("config", "deliveries", "missing", "settled"),
    [
        pytest.param({"Logging": LOGGING}, [], 0, True, id="the older kind"),
        pytest.param({"Logging": None}, [DELIVERY], 0, True, id="the newer kind"),
        pytest.param({"Logging": None}, [], 1, False, id="neither"),
        pytest.param({"Logging": None}, None, 0, False, id="one unread"),
        pytest.param({"Logging": LOGGING}, None, 0, True, id="enough for an unread one"),
        pytest.param(None, [], 0, False, id="the other unread"),
    ],
)
def test_one_kind_of_logs_is_enough(
    config: Any, deliveries: Any, missing: int, settled: bool
) -> None:
    item = replace(
        _frame.listed(REF, FacetReading()),
        properties={"DistributionConfig": config},
        observed={"LogDeliveries": deliveries},
    )

    assert len(log_shortfalls(item)) == missing
    assert logs_are_settled(item) is settled
