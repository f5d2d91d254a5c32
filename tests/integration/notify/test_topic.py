"""The topic: text for people, attributes to filter by."""

import pytest

from chalicelib.model import Severity
from tests.integration.notify.account import Account, records_of
from tests.integration.notify.world import finding

ROUTES = {
    "pages": {"level": ["page"]},
    "tickets": {"level": ["ticket"]},
    "severe": {"severity": ["critical", "high"]},
    "everything": None,
}


@pytest.mark.parametrize(
    ("severity", "heard"),
    [
        (Severity.CRITICAL, {"pages", "severe", "everything"}),
        (Severity.HIGH, {"pages", "severe", "everything"}),
        (Severity.MEDIUM, {"tickets", "everything"}),
        (Severity.LOW, {"everything"}),
    ],
)
def test_a_filter_policy_routes_by_level_and_severity(
    account: Account, severity: Severity, heard: set[str]
) -> None:
    queues = {
        name: account.subscribe(f"{name}-{account.world.database.prefix}", policy)
        for name, policy in ROUTES.items()
    }

    account.announce(*records_of(account.world.opened(finding(severity=severity))))

    assert {name for name, url in queues.items() if account.received(url)} == heard


def test_an_email_is_text_for_people_under_a_short_subject(account: Account) -> None:
    account.announce(*records_of(account.world.opened(finding("q3-figures"))))

    (published,) = account.published
    assert published["subject"] == "s3-bucket-no-public-read critical"
    assert published["email"].startswith("Found: s3-bucket-no-public-read of q3-figures (critical)")
    assert "Who: release (role deployer) by PutBucketPolicy" in published["email"]
    assert not published["email"].startswith("{")


def test_attributes_reach_a_subscribed_queue(account: Account) -> None:
    queue = account.subscribe(f"all-{account.world.database.prefix}")

    account.announce(*records_of(account.world.opened(finding())))

    (message,) = account.received(queue)
    attributes = {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}
    assert attributes == {
        "severity": "critical",
        "level": "page",
        "account": "111122223333",
        "service": "s3",
        "reason": "change",
        "owner": "data",
    }
