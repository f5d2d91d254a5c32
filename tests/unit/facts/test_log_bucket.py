"""What the public may do with a trail's log bucket: the bucket's own fact, seen from the trail."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.facts.log_bucket import IN_TRAIL, log_bucket_is_settled, log_bucket_openings
from chalicelib.facts.s3_access import bucket_openings
from chalicelib.model import ConfigurationItem, Gap, GapReason, ResourceRef
from chalicelib.model.pointer import tokens_of

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OFF = {
    "BlockPublicAcls": False,
    "IgnorePublicAcls": False,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": False,
}
RESTRICTED = {**OFF, "RestrictPublicBuckets": True}
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
OPEN_ACL = [{"GranteeType": "Group", "Grantee": ALL_USERS, "Permission": "READ"}]
UNREAD = tuple(IN_TRAIL.values())


def public(bucket: str = "logs") -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ["*"]},
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/*"],
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def described(
    policy: Any = None,
    *,
    grants: Any = (),
    block: Any = OFF,
    account_block: Any = OFF,
    unread: tuple[str, ...] = (),
) -> ConfigurationItem:
    observed = {
        "LogBucketPolicy": policy,
        "LogBucketGrants": list(grants),
        "LogBucketOwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
        "LogBucketPublicAccessBlock": block,
        "LogBucketAccountBlock": account_block,
    }
    hidden = {tokens_of(pointer)[1] for pointer in unread}
    return ConfigurationItem(
        ref=ResourceRef(
            account_id="123456789012", region="eu-west-1", type="AWS::CloudTrail::Trail", id="main"
        ),
        properties={"S3BucketName": None if "S3BucketName" in hidden else "logs"},
        observed={name: None if name in hidden else value for name, value in observed.items()},
        gaps=tuple(
            Gap(pointer=pointer, reason=GapReason.DENIED, call="s3:X", error="AccessDenied")
            for pointer in unread
        ),
        started_at=NOON,
        ended_at=NOON,
    )


def as_bucket(trail: ConfigurationItem) -> ConfigurationItem:
    sections: dict[str, dict[str, Any]] = {"properties": {}, "observed": {}}
    for theirs, ours in IN_TRAIL.items():
        section, name = tokens_of(theirs)
        sections[section][name] = trail.observed[tokens_of(ours)[1]]
    return ConfigurationItem(
        ref=ResourceRef(
            account_id="123456789012", region="eu-west-1", type="AWS::S3::Bucket", id="logs"
        ),
        properties=sections["properties"],
        observed=sections["observed"],
        started_at=NOON,
        ended_at=NOON,
    )


@pytest.mark.parametrize(
    "trail",
    [
        pytest.param(described(public()), id="open policy"),
        pytest.param(described(public("other")), id="a policy about another bucket"),
        pytest.param(described(public(), block=RESTRICTED), id="policy closed by the block"),
        pytest.param(described(grants=OPEN_ACL), id="open ACL"),
        pytest.param(described(), id="closed"),
    ],
)
def test_the_trail_sees_what_the_bucket_itself_shows(trail: ConfigurationItem) -> None:
    seen = [(row["Access"], row["Audience"], row["Via"]) for row in log_bucket_openings(trail)]

    told = bucket_openings(as_bucket(trail))
    assert seen == [(row["Access"], row["Audience"], row["Via"]) for row in told]


@pytest.mark.parametrize(
    ("trail", "because", "despite"),
    [
        pytest.param(
            described(public()),
            ["/observed/LogBucketPolicy/Statement/0"],
            [
                "/observed/LogBucketPublicAccessBlock/RestrictPublicBuckets",
                "/observed/LogBucketAccountBlock/RestrictPublicBuckets",
            ],
            id="policy",
        ),
        pytest.param(
            described(grants=OPEN_ACL),
            ["/observed/LogBucketGrants/0"],
            [
                "/observed/LogBucketOwnershipControls/Rules/0/ObjectOwnership",
                "/observed/LogBucketPublicAccessBlock/IgnorePublicAcls",
                "/observed/LogBucketAccountBlock/IgnorePublicAcls",
            ],
            id="ACL",
        ),
    ],
)
def test_reasons_and_switches_are_places_of_the_trail(
    trail: ConfigurationItem, because: list[str], despite: list[str]
) -> None:
    (row,) = log_bucket_openings(trail)

    assert row["Because"] == because
    assert [switch["At"] for switch in row["Despite"]] == despite


@pytest.mark.parametrize(
    ("trail", "settled"),
    [
        pytest.param(described(), True, id="everything is read"),
        pytest.param(described(unread=UNREAD), False, id="a bucket of another account"),
        pytest.param(
            described(account_block=RESTRICTED, unread=UNREAD[:1]), False, id="unread policy"
        ),
        pytest.param(
            described(
                account_block={**OFF, "IgnorePublicAcls": True},
                unread=("/observed/LogBucketGrants",),
            ),
            True,
            id="an ACL that is ignored",
        ),
        pytest.param(described(unread=("/properties/S3BucketName",)), False, id="no name"),
    ],
)
def test_what_is_not_read_leaves_open_what_it_could_change(
    trail: ConfigurationItem, settled: bool
) -> None:
    assert log_bucket_is_settled(trail) is settled


def test_a_bucket_that_cannot_be_read_shows_no_opening() -> None:
    assert log_bucket_openings(described(public(), unread=UNREAD)) == []
